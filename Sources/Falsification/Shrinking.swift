extension SmallInstance {
  /// All instances that one step makes simpler: a dimension or a row less, U one position nearer to the start, or one
  /// number replaced by a simpler one. Steps that drop numbers come first.
  var simpler: [SmallInstance] { fewer + rounder }

  /// Makes the instance simpler for as long as `isWanted` holds. The result is a local minimum: none of ``simpler`` is
  /// wanted.
  ///
  /// Every step lowers the ``Simplicity``, whose values are pairs of natural numbers, so that this ends.
  func shrunk(while isWanted: (SmallInstance) throws -> Bool) rethrows -> SmallInstance {
    var best = self
    while let next = try best.simpler.first(where: isWanted) { best = next }
    return best
  }

  private func edited(_ edit: (inout SmallInstance) -> Void) -> SmallInstance {
    var copy = self
    edit(&copy)
    return copy
  }

  private var fewer: [SmallInstance] {
    var result: [SmallInstance] = []
    for column in 0..<dimension where dimension > 1 {
      result.append(
        edited { copy in
          for set in copy.sets.indices {
            for row in copy.sets[set].features.indices { copy.sets[set].features[row].remove(at: column) }
          }
          for row in copy.test.indices { copy.test[row].remove(at: column) }
        })
    }
    for set in sets.indices where sets[set].labels.count > 1 {
      for row in sets[set].labels.indices {
        result.append(
          edited {
            $0.sets[set].features.remove(at: row)
            $0.sets[set].labels.remove(at: row)
          })
      }
    }
    for row in test.indices where test.count > 1 { result.append(edited { $0.test.remove(at: row) }) }
    return result
  }

  private var rounder: [SmallInstance] {
    var result: [SmallInstance] = []
    for place in 1..<max(1, position) { result.append(edited { $0.position = place }) }
    for index in parameters.indices {
      let cost = Simplicity.cost(parameter: parameters[index])
      for value in Simplicity.parameters.prefix(cost) { result.append(edited { $0.parameters[index] = value }) }
    }
    func values(below value: Double) -> [Double] {
      let tried = [0, 1, -1, 2, -2, 3, -3, value.rounded()]
      return tried.filter { Simplicity.cost(entry: $0) < Simplicity.cost(entry: value) }
    }
    for set in sets.indices {
      for row in sets[set].labels.indices {
        for value in values(below: sets[set].labels[row]) { result.append(edited { $0.sets[set].labels[row] = value }) }
        for column in 0..<dimension {
          for value in values(below: sets[set].features[row][column]) {
            result.append(edited { $0.sets[set].features[row][column] = value })
          }
        }
      }
    }
    for row in test.indices {
      for column in 0..<dimension {
        for value in values(below: test[row][column]) { result.append(edited { $0.test[row][column] = value }) }
      }
    }
    return result
  }
}
