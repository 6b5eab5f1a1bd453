/**
 * The descriptor of grpc.health.v1, which is not part of our contract but answered by every server of ours, so that
 * reflection can describe it too. Source: https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto
 */
import { create } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { DescriptorFile } from "./descriptor-file.js";

const label = FieldDescriptorProto_Label.OPTIONAL;
const request = ".grpc.health.v1.HealthCheckRequest";
const response = ".grpc.health.v1.HealthCheckResponse";

const proto = create(FileDescriptorProtoSchema, {
  name: "grpc/health/v1/health.proto",
  package: "grpc.health.v1",
  syntax: "proto3",
  messageType: [
    {
      name: "HealthCheckRequest",
      field: [{ name: "service", jsonName: "service", number: 1, label, type: FieldDescriptorProto_Type.STRING }],
    },
    {
      name: "HealthCheckResponse",
      field: [
        {
          name: "status",
          jsonName: "status",
          number: 1,
          label,
          type: FieldDescriptorProto_Type.ENUM,
          typeName: `${response}.ServingStatus`,
        },
      ],
      enumType: [
        {
          name: "ServingStatus",
          value: [
            { name: "UNKNOWN", number: 0 },
            { name: "SERVING", number: 1 },
            { name: "NOT_SERVING", number: 2 },
            { name: "SERVICE_UNKNOWN", number: 3 },
          ],
        },
      ],
    },
  ],
  service: [
    {
      name: "Health",
      method: [
        { name: "Check", inputType: request, outputType: response },
        { name: "Watch", inputType: request, outputType: response, serverStreaming: true },
      ],
    },
  ],
});

export const healthFile = DescriptorFile.of(proto);
