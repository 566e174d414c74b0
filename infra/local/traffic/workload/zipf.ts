/**
 * A draw of ranks from 0 to count - 1 in which rank k comes up in proportion to 1 / (k + 1)^exponent: few statements are
 * hot, most are cold, as in applications. `draw` is in [0, 1).
 */
export function createZipf(count: number, exponent: number): (draw: number) => number {
  const bounds = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    bounds[rank] = sum;
  }
  return (draw) => {
    const wanted = draw * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
