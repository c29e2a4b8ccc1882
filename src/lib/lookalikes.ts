const PLAIN = /^[a-z0-9 !-@[-`{-~]*$/;
/** Characters that are not shown: joiners, marks of direction, variation selectors (Unicode, Default_Ignorable_Code_Point). */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/** The same text for texts that differ only in case, in invisible characters, or in how Unicode writes a character (NFKC). */
export function folded(text: string): string {
  if (PLAIN.test(text)) return text;
  // Upper case first: it folds characters that lower-casing alone keeps apart ("ſ" is an S, the Kelvin sign a K).
  return text.normalize("NFKC").replaceAll(UNSEEN, "").toUpperCase().toLowerCase().normalize("NFKC");
}
