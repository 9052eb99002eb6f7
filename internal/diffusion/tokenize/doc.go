// Package tokenize turns text into the numbers that text encoders read.
//
// A Tokenizer is opened from the tokenizer folder of a diffusers model; the folder's tokenizer_config.json says which
// one it is: CLIP's byte-pair encoding (vocab.json and merges.txt, or tokenizer.json) or BERT's WordPiece
// (tokenizer.json, or vocab.txt). Tokens gives a text's own ids, Encode puts begin, end and padding around them.
//
//	tok, err := tokenize.Open(os.DirFS("model/tokenizer"))
//	enc := tokenize.Encode(tok, "a red apple", 77)
//	if len(enc.Dropped) > 0 { warn(tok.Decode(enc.Dropped)) }
//
// Ids are those of the transformers library: CLIPTokenizer without ftfy, and tokenizers' BertNormalizer. The package
// does no I/O of its own, knows no prompt syntax, and doesn't run networks.
package tokenize
