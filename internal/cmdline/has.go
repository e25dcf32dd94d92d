package cmdline

import "slices"

// Has tells whether a line has an argument, which may be several words: all of these in order, each whole.
func Has(line, argument string) bool {
	words, want := unquotedWords(line), unquotedWords(argument)
	for i := 0; len(want) > 0 && i+len(want) <= len(words); i++ {
		if slices.Equal(words[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

func unquotedWords(line string) (words []string) {
	for _, a := range Arguments(line) {
		word := a.Name
		if a.Assigned {
			word += "=" + a.Value
		}
		words = append(words, word)
	}
	return words
}
