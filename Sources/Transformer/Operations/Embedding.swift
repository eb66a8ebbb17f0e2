import CKernels

/// The look-up of token ids in the embedding's matrix [V, C].
enum Embedding {
  /// x[n] = table[tokens[n]] for these rows.
  static func forward(tokens: UnsafePointer<Int32>, table: View, x: View) {
    for index in 0..<x.rows { x.row(index).update(from: table.row(Int(tokens[index])), count: x.columns) }
  }

  /// dTable[tokens[n]] += dx[n], for the columns of these views, in the order of the rows.
  static func backward(tokens: UnsafePointer<Int32>, dx: View, dTable: View) {
    for index in 0..<dx.rows { ck_add(dx.columns, dx.row(index), dTable.row(Int(tokens[index]))) }
  }
}
