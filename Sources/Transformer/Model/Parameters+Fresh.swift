import Core

extension Parameters {
  /// The weights of a model before training, as transformers draws those of Llama and Qwen2: embeddings and linear
  /// layers normal with standard deviation 0.02, norms 1, biases 0.
  ///
  /// Tensor i, in the order of the layout, draws from child i of the generator.
  public convenience init(fresh model: ModelConfiguration, random: RandomGenerator) {
    self.init(layout: ParameterLayout(model))
    for (index, tensor) in layout.tensors.enumerated() {
      let elements = elements(of: tensor)
      if tensor.shape.count == 1 {
        // Of vectors, a model has biases and the weights of norms.
        if tensor.name.hasSuffix("norm.weight") { elements.update(repeating: 1) }
        continue
      }
      var stream = random.child(UInt64(index))
      for place in elements.indices { elements[place] = Float(0.02 * stream.normal()) }
    }
  }

  /// The matrices of an adapter before training, as PEFT draws them: A uniform between -1/sqrt(in) and 1/sqrt(in), and
  /// B 0, so that the adapted model is the model itself.
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
