package prompt

import (
	"regexp"
	"strconv"
	"strings"
)

// trailingNumber is a whole weight; what stands before the colon was cut already.
var trailingNumber = regexp.MustCompile(`^[-+]?([0-9]+\.?|[0-9]*\.[0-9]+)$`)

// SplitAND gives the prompts that a composition joins with AND, each with the weight after its last colon:
// "a cat :1.2 AND a dog". A prompt without AND is a composition of one. White space at the end of each goes.
//
// Source: AUTOMATIC1111's stable-diffusion-webui 1.10, get_multicond_prompt_list; Liu et al. 2022, arXiv:2206.01714.
func SplitAND(text string) []Weighted {
	var parts []Weighted
	for {
		from, to := findWord(text, "AND")
		if from < 0 {
			return append(parts, trailingWeight(text))
		}
		parts = append(parts, trailingWeight(text[:from]))
		text = text[to:]
	}
}

func trailingWeight(text string) Weighted {
	text = strings.TrimRightFunc(text, isSpace)
	if colon := strings.LastIndexByte(text, ':'); colon >= 0 {
		number := strings.TrimLeftFunc(text[colon+1:], isSpace)
		if trailingNumber.MatchString(number) {
			if weight, err := strconv.ParseFloat(number, 64); err == nil {
				return Weighted{strings.TrimRightFunc(text[:colon], isSpace), weight}
			}
		}
	}
	return Weighted{text, 1}
}
