import LinearAlgebra

extension Parameters {
  /// The matrices of an adapter before training, as PEFT draws them: A uniform between -1/sqrt(in) and 1/sqrt(in), and B
  /// 0, so that the adapted model is the model itself.
  ///
  /// Matrix i, in the order of the layout, draws from child i of the generator.
  public convenience init(fresh adapter: LoRAConfiguration, of model: ModelConfiguration, random: RandomGenerator) {
    self.init(layout: ParameterLayout(model, adapter))
    for (index, tensor) in layout.tensors.enumerated() where tensor.name.hasSuffix(".lora_A.weight") {
      var stream = random.child(UInt64(index))
      let bound = 1 / Double(tensor.shape[1]).squareRoot()
      let elements = elements(of: tensor)
      for place in elements.indices { elements[place] = Float(bound * (2 * stream.uniform() - 1)) }
    }
  }
}
