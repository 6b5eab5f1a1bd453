/**
 * The one table of calls that a client of ours may send again by itself when it cannot know whether the first was done: all
 * methods with one request and one response, each with its reason. A stream is never repeated blindly: who reads it knows
 * where to go on (`from_step`, `offset`, `after_revision`). What has certainly not reached its service, grpc-js sends again
 * whatever it is.
 */

type Repeat = "always" | "with request_id" | "never";

interface Rule {
  readonly repeat: Repeat;
  readonly because: string;
}

const reads: Rule = { repeat: "always", because: "It reads only." };
const creates: Rule = {
  repeat: "with request_id",
  because:
    "The same request_id finds what the first call made; without one the second call would make another, or meet it.",
};
const deletes: Rule = { repeat: "never", because: "A second call would answer NOT_FOUND to who has just deleted it." };
const keepsForOwner: Rule = { repeat: "always", because: "The same owner finds what its first call did." };

const table: Readonly<Record<string, Rule>> = {
  "/pssr.v1.ImageService/GetImage": reads,
  "/pssr.v1.ImageService/ListImages": reads,
  "/pssr.v1.ImageService/GetUpload": reads,
  "/pssr.v1.ImageService/CreateUpload": creates,
  "/pssr.v1.ImageService/CreateImage": creates,
  "/pssr.v1.ImageService/DeleteUpload": deletes,
  "/pssr.v1.ImageService/DeleteImage": deletes,
  "/pssr.v1.ImageService/ReserveImage": keepsForOwner,
  "/pssr.v1.ImageService/ReleaseImage": keepsForOwner,
  "/pssr.v1.ImageService/RegisterImage": keepsForOwner,
  "/pssr.v1.DatasetService/GetDataset": reads,
  "/pssr.v1.DatasetService/ListDatasets": reads,
  "/pssr.v1.DatasetService/CreateDataset": creates,
  "/pssr.v1.DatasetService/DeleteDataset": deletes,
  "/pssr.v1.CrappifierService/GetCrappifier": reads,
  "/pssr.v1.CrappifierService/ListCrappifiers": reads,
  "/pssr.v1.CrappifierService/ListPresets": reads,
  "/pssr.v1.CrappifierService/CreateCrappifier": creates,
  "/pssr.v1.CrappifierService/DeleteCrappifier": deletes,
  "/pssr.v1.CrappifyService/CrappifyImage": creates,
  "/pssr.v1.CrappifyService/Preview": { repeat: "always", because: "It computes, and keeps nothing." },
  "/pssr.v1.CustomCrappifierService/Crappify": { repeat: "always", because: "Equal requests have equal answers." },
  "/pssr.v1.TrainingService/GetTraining": reads,
  "/pssr.v1.TrainingService/ListTrainings": reads,
  "/pssr.v1.TrainingService/ReadLossCurve": reads,
  "/pssr.v1.TrainingService/CreateTraining": creates,
  "/pssr.v1.ModelService/GetModel": reads,
  "/pssr.v1.ModelService/ListModels": reads,
  "/pssr.v1.ModelService/GetModelVersion": reads,
  "/pssr.v1.ModelService/ListModelVersions": reads,
  "/pssr.v1.ModelService/DeleteModelVersion": deletes,
  "/pssr.v1.PredictionService/GetPrediction": reads,
  "/pssr.v1.PredictionService/ListPredictions": reads,
  "/pssr.v1.PredictionService/CreatePrediction": creates,
  "/pssr.v1.EvaluationService/GetEvaluation": reads,
  "/pssr.v1.EvaluationService/ListEvaluations": reads,
  "/pssr.v1.EvaluationService/CreateEvaluation": creates,
  "/pssr.v1.FitService/GetFit": reads,
  "/pssr.v1.FitService/ListFits": reads,
  "/pssr.v1.FitService/ListFitEvaluations": reads,
  "/pssr.v1.FitService/GetFitComparison": reads,
  "/pssr.v1.FitService/RenderFit": reads,
  "/pssr.v1.FitService/FitCrappifier": creates,
  "/pssr.v1.FitService/DeleteFit": deletes,
  "/google.longrunning.Operations/GetOperation": reads,
  "/google.longrunning.Operations/ListOperations": reads,
  "/google.longrunning.Operations/WaitOperation": reads,
  "/google.longrunning.Operations/CancelOperation": {
    repeat: "always",
    because: "Nothing happens to what has ended or is asked to end already.",
  },
  "/google.longrunning.Operations/DeleteOperation": deletes,
};

/** What the table says of a method; undefined for one that is not in it, which is never repeated. */
export function repeatRule(path: string): Rule | undefined {
  return Object.hasOwn(table, path) ? table[path] : undefined;
}

/** Whether this call may be sent again. */
export function mayRepeat(path: string, request: unknown): boolean {
  switch (repeatRule(path)?.repeat) {
    case "always":
      return true;
    case "with request_id":
      return typeof request === "object" && request !== null && "requestId" in request && Boolean(request.requestId);
    default:
      return false;
  }
}
