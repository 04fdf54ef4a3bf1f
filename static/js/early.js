/**
 * Whether a person has filled an entry before its panel was there to hear of it: on a slow line the
 * page is drawn long before its scripts have come.
 *
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} entry
 */
export function isFilledEarly(entry) {
  if (!(entry instanceof HTMLSelectElement)) return entry.value !== entry.defaultValue;
  const first = [...entry.options].find((option) => option.defaultSelected) ?? entry.options[0];
  return entry.value !== first?.value;
}
