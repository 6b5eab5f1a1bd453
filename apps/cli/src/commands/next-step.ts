/** What to do with what an operation has made, for whoever has watched it to its end. */
import { Fit, fitName, Image, imageName, modelVersionName, Prediction, Training } from "@pssr/api";

/** By the kinds of operations, from their responses: commands to go on with. */
const steps: Readonly<Record<string, (response: Uint8Array) => string[]>> = {
  image: (response) => exported(Image.decode(response).name),
  crappification: (response) => exported(Image.decode(response).name),
  prediction: (response) => exported(Prediction.decode(response).outputImage),
  training(response) {
    const { model, version } = modelVersionName.parse(Training.decode(response).modelVersion);
    return [`pssr predict IMAGE --model ${model}/${version}`];
  },
  fit(response) {
    const { fit } = fitName.parse(Fit.decode(response).name);
    return [`pssr fits show ${fit}`, `pssr fits render ${fit} -o ${fit}-fit.png`];
  },
};

/** None for kinds that no command shows. */
export function nextSteps(kind: string, response: Uint8Array): string[] {
  return steps[kind]?.(response) ?? [];
}

function exported(name: string): string[] {
  const { image } = imageName.parse(name);
  return [`pssr images export ${image} -o ${image}.tif`];
}
