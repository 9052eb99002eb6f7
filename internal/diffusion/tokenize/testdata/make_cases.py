"""python make_cases.py CLIP_DIR BERT_DIR > cases.json: token ids of transformers 4.57.6 (slow CLIPTokenizer without ftfy,
BertTokenizerFast) for odd texts."""
import json, sys, transformers
TEXTS = ["", " ", "a red apple, flat style, on a light blue background", "Café — 東京 🚀, it's   RAINING!! 50% &amp; more", "don't they'll I'm we've SHE'D",
 "ﬁ ½ Ⅳ ÀÉÎ ñ ß İ ΣΑΣ", "a" * 120, "naïve façade co-operate re-entry", "\ttabs\nand\u2028newlines\u00a0here\x0b\x85", "[SEP] literal [MASK] tokens [sep]", "日本語のテキスト 한국어 ไทย العربية हिन्दी",
 "<|startoftext|>odd<|EndOfText|> tokens", "e\u0301 zero\u200dwidth\u200b joiners \ufe0f☕️👩‍🚀", "¿qué? «guillemets» “quotes” …", "x²+y₃=∞ ≠ ±5°C £9 €10 $11", "snake_case kebab-case CamelCase 1girl_2", "\ufffd\x00bad\x07bytes", "ǅ ŉ ﬀ ẞ"]
clip = transformers.CLIPTokenizer.from_pretrained(sys.argv[1]); bert = transformers.BertTokenizerFast.from_pretrained(sys.argv[2])
ids = lambda t, s: t(s, add_special_tokens=False, padding=False, truncation=False)["input_ids"]
json.dump([dict(text=s, clip=ids(clip, s), bert=ids(bert, s)) for s in TEXTS], sys.stdout, indent=0)
