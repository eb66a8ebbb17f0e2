import FineTuning

extension ExperimentPlan {
  /// All keys of a plan with their values, defaults and meanings, one a line, but not those of training configurations,
  /// which `TrainingConfiguration.referenceText` has.
  public static var referenceText: String { ConfigurationKey.table(keys) }

  /// Every key of a plan. `NAME` stands for what the plan's author calls a study or stage, `DATA` for the keys of
  /// `base.corpus` and of each stage's `data`.
  package static var keys: [ConfigurationKey] {
    let sections: [(prefix: String, keys: [ConfigurationKey])] = [
      ("", PlanReader.planKeys), ("chat.", PlanReader.chatKeys), ("base.", PlanReader.baseKeys),
      ("base.model.", PlanReader.modelKeys), ("studies.NAME.", PlanReader.studyKeys),
      ("studies.NAME.stages.NAME.", PlanReader.stageKeys), ("studies.NAME.measures.", PlanReader.measureKeys),
      ("DATA.", PlanReader.dataKeys),
    ]
    return sections.flatMap { section in
      section.keys.map {
        ConfigurationKey(section.prefix + $0.path, $0.type, $0.summary, default: $0.defaultText)
      }
    }
  }
}
