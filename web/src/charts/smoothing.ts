// Exponential moving average with the start's bias taken out (Kingma and Ba, "Adam", 2015, section 3): weight 0 is the
// data itself, weight near 1 is slow. NaN and infinities are passed through and do not poison what follows. Pure.
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let average = 0;
  let debias = 1;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    average = average * weight + (1 - weight) * value;
    debias *= weight;
    return average / (1 - debias);
  });
}
