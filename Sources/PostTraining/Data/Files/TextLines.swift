extension DataSource.Kind {
  /// Texts without turns: lines, or elements of an array, `{"text": "..."}`, all of whose tokens are learned.
  public static let text = DataSource.Kind(
    "text", "a file of texts without turns", isFile: true, keys: [DataSource.Key.heldOutCount(0)], traits: [.texts]
  ) { source, notice in
    let texts = try DataFile.objects(source.path ?? "", reading: ["text"], notice: notice).map { fields in
      Conversation(text: try fields.answer("text")).at(line: fields.line)
    }
    return try StageData("text", texts, holdingOut: source.number("held_out"))
  }
}
