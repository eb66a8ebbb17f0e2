import FileFormats
import FineTuning

extension ExperimentPlan {
  /// The JSON Schema of a plan.
  public static var schema: JSON {
    let refused = Set(PlanReader.refusedTrainingKeys.map(\.0))
    let training = ConfigurationSchema.object(TrainingConfiguration.keys.filter { !refused.contains($0.path) })
    let data = reference("data"), trains = reference("training")
    let base = ConfigurationSchema.object(
      PlanReader.baseKeys,
      special: [
        "model": ConfigurationSchema.object(PlanReader.modelKeys), "corpus": data, "training": trains,
      ])
    let stage = ConfigurationSchema.object(PlanReader.stageKeys, special: ["data": data, "training": trains])
    let study = ConfigurationSchema.object(
      PlanReader.studyKeys,
      special: [
        "training": trains, "unlearning": trains, "stages": ConfigurationSchema.names(to: stage),
        "runs": ConfigurationSchema.names(to: trains),
        "measures": ConfigurationSchema.object(PlanReader.measureKeys),
      ])
    let plan = ConfigurationSchema.object(
      PlanReader.planKeys,
      special: [
        "chat": ConfigurationSchema.object(PlanReader.chatKeys), "base": base,
        "studies": ConfigurationSchema.names(to: study),
      ])
    return .object(
      [
        JSON.Member("$schema", .string(ConfigurationSchema.dialect)),
        JSON.Member("title", "Palimpsest: plan of an experiment"),
      ] + (plan.members ?? []) + [
        JSON.Member("$defs", ["training": training, "data": dataSchema])
      ])
  }

  /// Which keys a kind of data requires depends on the kind, and is left to the reader.
  private static var dataSchema: JSON {
    let object = ConfigurationSchema.object(PlanReader.dataKeys)
    return .object((object.members ?? []).filter { $0.name != "required" })
  }

  private static func reference(_ name: String) -> JSON { ["$ref": .string("#/$defs/\(name)")] }
}
