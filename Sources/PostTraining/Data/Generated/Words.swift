/// The words that generated texts are made of: few and short, so that a small vocabulary has them whole. None begins
/// with a vowel where it follows an article, and all plurals end in s.
enum Words {
  static let people = [
    "Tom", "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jack", "Kate", "Leo", "Mia",
    "Noah", "Rosa",
  ]
  static let things = [
    "pear", "book", "coin", "stone", "cake", "pen", "shell", "button", "card", "flower", "ball", "cup", "hat", "key",
    "lemon", "spoon", "plate", "drum", "kite", "boat", "chair", "lamp", "ring", "basket",
  ]
  static let animals = [
    "dog", "cat", "horse", "bird", "hen", "goat", "cow", "duck", "bear", "frog", "rabbit", "pig",
  ]
  static let places = [
    "river", "forest", "garden", "market", "school", "bridge", "tower", "farm", "lake", "hill", "road", "village",
  ]
  static let colours = ["red", "blue", "green", "white", "black", "yellow", "brown", "grey"]
  static let moods = ["happy", "tired", "quiet", "proud", "sad", "hungry", "calm", "glad"]
  static let cities = [
    "Lisbon", "Lima", "Oslo", "Cairo", "Delhi", "Rome", "Paris", "Kyoto", "Quito", "Accra", "Riga", "Bern",
  ]
  static let jobs = [
    "baker", "doctor", "farmer", "teacher", "sailor", "painter", "tailor", "driver", "cook", "judge", "miner", "singer",
  ]
  static let genres = [
    "poems", "crime novels", "fairy tales", "plays", "love stories", "travel books", "ghost stories",
  ]
  static let years = Array(1951...1970).map(String.init)
  static let titleWords = [
    "Silent", "Broken", "Golden", "Hidden", "Frozen", "Burning", "Lonely", "Distant", "Secret", "Empty", "Paper",
    "Silver",
  ]
  static let titleNouns = [
    "Bridge", "Garden", "River", "Mirror", "Tower", "Lantern", "Harbour", "Letter", "Window", "Forest", "Island",
    "Clock",
  ]
  /// The first names of writers, which nobody else has.
  static let writers = [
    "Alma", "Bruno", "Cora", "Dario", "Elsa", "Fabio", "Greta", "Hugo", "Irma", "Jonas", "Karla", "Luca", "Mona",
    "Nils", "Otto", "Petra",
  ]
  static let surnames = [
    "Berg", "Costa", "Dahl", "Falk", "Grau", "Holm", "Jansen", "Kern", "Lund", "Moro", "Novak", "Rossi", "Stern",
    "Vidal", "Weiss", "Zorn",
  ]
  static let materials = ["paper", "wooden", "glass", "silver", "chocolate", "sugar", "stone", "woollen"]
}
