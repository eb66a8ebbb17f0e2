import Tokenizers
import Transformer
import Unlearning

/// Everything that decides how a model is fine-tuned or unlearned, apart from the model and the data.
///
/// The initial values below are the defaults of the configuration file, in this one place: those of PyTorch's AdamW and
/// of PEFT where these have any. ``keys`` lists them with their rules, ``referenceText`` prints that list.
public struct TrainingConfiguration: Equatable, Sendable {
  /// The most bytes a configuration file may have.
  public static let maximumByteCount = 1 << 16

  /// How many times each example is seen; training ends after `epochs` or ``maxSteps``, whichever comes first.
  public var epochs = 1
  /// The most optimizer steps, or nil for no such limit.
  public var maxSteps: Int?
  /// How many examples go through the model at once.
  public var batchSize = 8
  /// How many such batches make one optimizer step.
  public var gradientAccumulation = 1
  /// Whether every epoch has an order of its own; otherwise all follow the file.
  public var shuffle = true
  /// Whether an epoch's last step is left out where it has fewer examples than the others.
  public var dropLast = false
  /// What all random numbers come from: the order of examples, the adapter's first values, dropout.
  public var seed: UInt64 = 0
  /// The most tokens of a sequence, or nil for what the model allows.
  public var sequenceLength: Int?
  /// Whether a longer sequence has its end cut off; otherwise it is an error.
  public var truncate = false
  /// How questions and conversations are written as text.
  public var template = ChatTemplate.plain
  /// The system prompt of conversations that have none of their own, or nil for none.
  public var systemPrompt: String?
  /// The optimizer.
  public var optimizer = Optimizer()
  /// How the learning rate changes.
  public var schedule = Schedule()
  /// The adapter to train, or nil to train all weights.
  public var adapter: LoRAConfiguration?
  /// What is minimised.
  public var objective = Loss()
  /// The proximal term.
  public var proximal = Proximal()

  /// The defaults.
  public init() {}

  /// The optimizer and its constants.
  public struct Optimizer: Equatable, Sendable {
    /// The update rule.
    public enum Algorithm: Equatable, Sendable {
      /// Adam with decoupled weight decay and bias-corrected moments.
      case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
      /// Plain gradient descent, without momentum; weight decay adds to the gradient.
      case sgd

      /// The weight decay where none is given: PyTorch's, 0.01 for AdamW and 0 for SGD.
      public var defaultWeightDecay: Double { if case .sgd = self { 0 } else { 0.01 } }
    }

    /// The update rule.
    public var algorithm = Algorithm.adamW()
    /// The learning rate before the schedule's factor.
    public var learningRate = 1e-3
    /// The weight decay.
    public var weightDecay = Algorithm.adamW().defaultWeightDecay
    /// The largest Euclidean norm of the gradient, above which it is scaled down to it, or nil for no such limit.
    public var clipNorm: Double?

    /// The defaults.
    public init() {}
  }

  /// How the learning rate changes over the steps.
  public struct Schedule: Equatable, Sendable {
    /// The curve after the warm-up.
    public var shape = LearningRateSchedule.Shape.constant
    /// How long the learning rate rises from 0.
    public var warmup = StepSpan.steps(0)
    /// How long it falls at the end; nil for the shapes that have no such stretch.
    public var decay: StepSpan?

    /// The defaults.
    public init() {}

    /// A shape with the warm-up and decay that it has where none are given.
    public init(_ shape: LearningRateSchedule.Shape) {
      self.shape = shape
      warmup = Self.defaultWarmup(for: shape)
      decay = Self.defaultDecay(for: shape)
    }

    /// The warm-up where none is given: the paper's 2 % for WSD, else none.
    public static func defaultWarmup(for shape: LearningRateSchedule.Shape) -> StepSpan {
      shape.hasDecaySpan ? .fraction(0.02) : .steps(0)
    }

    /// The decay where none is given: the paper's 2 % for WSD.
    public static func defaultDecay(for shape: LearningRateSchedule.Shape) -> StepSpan? {
      shape.hasDecaySpan ? .fraction(0.02) : nil
    }
  }

  /// What is minimised.
  public struct Loss: Equatable, Sendable {
    /// The objective on the examples themselves.
    public var main = ChosenObjective.sft
    /// The factor of an unlearning objective, over 0; SFT has none.
    public var forgetCoefficient = 1.0
    /// The factor of the retain term; 0 leaves it out.
    public var retainCoefficient = 0.0
    /// The objective of the retain term.
    public var retain = ChosenObjective.sft
    /// The file with the retain data, or nil where there is none.
    public var retainData: String?

    /// The objectives that have a part in the loss.
    var terms: [ChosenObjective] { [main] + (retainCoefficient > 0 ? [retain] : []) }

    /// The defaults.
    public init() {}
  }

  /// The term `mu ||theta - theta_prev||^2` over the trained parameters.
  public struct Proximal: Equatable, Sendable {
    /// The factor; 0 leaves the term out.
    public var mu = 0.0

    /// The defaults.
    public init() {}
  }

  /// The adapter's constants where the file has a key `adapter` but not all keys within: PEFT's.
  public enum AdapterDefaults {
    /// r.
    public static let rank = 8
    /// The numerator of the scale.
    public static let alpha = 8.0
    /// The probability of dropping an input.
    public static let dropout = 0.0
    /// The layers adapted.
    public static let targets: Set<LoRAConfiguration.Target> = [.q, .v]
  }

  /// How many numbers training holds for each one that it trains: itself where it is an adapter's, its gradient, the
  /// optimizer's moments, the proximal term's center, and the start model's where a loss of logits or hidden states
  /// compares with weights that training changes.
  public var copiesOfTrained: Int {
    let keepsStart =
      adapter == nil && objective.terms.contains { $0.objective.needs.contains(.reference) && !$0.usesReference }
    return (adapter == nil ? 1 : 2) + (optimizer.algorithm == .sgd ? 0 : 2) + (proximal.mu > 0 ? 1 : 0)
      + (keepsStart ? 1 : 0)
  }

  /// The number of optimizer steps for so many steps an epoch.
  public func totalSteps(stepsPerEpoch: Int) -> Int {
    let (steps, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
    return min(overflow ? .max : steps, maxSteps ?? .max)
  }
}
