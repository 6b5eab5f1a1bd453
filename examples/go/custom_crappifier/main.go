// A crappifier step of your own in Go: the afterglow of a scintillator, which smears a scanned image along its lines.
//
//	cd examples/go/custom_crappifier
//	npx buf generate ../../.. --path ../../../proto/pssr/v1/pixels.proto --path ../../../proto/pssr/v1/custom_crappifier_service.proto
//	go run . 127.0.0.1:7802
//
//	PSSR_EXTERNAL_CRAPPIFIERS=127.0.0.1:7802 npx pssr up
//
// A crappifier then has the step
// {"kind": "external", "address": "127.0.0.1:7802", "parameters": {"decay": {"value": 1.5, "spread": 0.2}}}.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pssr "example.org/custom_crappifier/generated/pssr/v1"
)

type afterglow struct {
	pssr.UnimplementedCustomCrappifierServiceServer
}

// Crappify needs no random numbers, else it would take them from a generator of its own with the request's seed.
func (afterglow) Crappify(_ context.Context, request *pssr.CrappifyRequest) (*pssr.CrappifyResponse, error) {
	decay := 1.0
	for name, value := range request.GetParameters() {
		if name != "decay" {
			return nil, status.Errorf(codes.InvalidArgument, "%s: unknown; known is decay", name)
		}
		if value < 0 {
			return nil, status.Errorf(codes.InvalidArgument, "decay: %g is out of range; give a number of pixels from 0", value)
		}
		decay = value
	}

	pixels := request.GetPixels()
	shape := pixels.GetShape()
	if len(shape) != 2 || shape[0] < 1 || shape[1] < 1 || int64(len(pixels.GetData())) != 4*shape[0]*shape[1] {
		return nil, status.Errorf(codes.InvalidArgument, "pixels: a plane of float32 was expected")
	}
	width := int(shape[1])
	data := make([]byte, len(pixels.GetData()))
	for start := 0; start < len(data); start += 4 * width {
		smear(data[start:start+4*width], pixels.GetData()[start:start+4*width], decay)
	}
	return &pssr.CrappifyResponse{
		Pixels: &pssr.PixelBlock{Axes: pixels.GetAxes(), Shape: shape, DataType: pixels.GetDataType(), Data: data},
	}, nil
}

// smear writes a line of which each pixel still sees what came before it: the light falls to 1/e within decay pixels.
func smear(to, from []byte, decay float64) {
	kept := math.Exp(-1 / decay) // 0 for a decay of 0
	light := float64(valueAt(from, 0))
	for at := 0; at < len(from); at += 4 {
		// Each product is rounded on its own: fused multiplication and addition would differ between machines.
		light = float64(kept*light) + float64((1-kept)*float64(valueAt(from, at)))
		binary.LittleEndian.PutUint32(to[at:], math.Float32bits(float32(light)))
	}
}

func valueAt(line []byte, at int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(line[at:]))
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("say where to listen: 127.0.0.1:7802; port 0 is a free one")
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	pssr.RegisterCustomCrappifierServiceServer(server, afterglow{})
	fmt.Printf("listens on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
