/// The ranges of at most `length` steps that make up `steps`, in order. The steps count from 0, up to any Int: the last
/// range is cut to fit before anything is added that could overflow.
func windows(_ steps: ClosedRange<Int>, of length: Int) -> some Sequence<ClosedRange<Int>> {
  let last = steps.upperBound
  return stride(from: steps.lowerBound, through: last, by: length).lazy.map { first in
    first...(last - first < length ? last : first + length - 1)
  }
}
