package language

import "strings"

// SnakeKeys spells the keys of configs that a message or a hint has as documents spell them: wipeTable is wipe_table.
// What is in quotes stays, unless all of it is a key or a path of keys: it may be a value of somebody's.
func SnakeKeys(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		if text[0] == '"' {
			if end := strings.IndexByte(text[1:], '"'); end >= 0 {
				out.WriteString(`"` + snakeWord(text[1:end+1]) + `"`)
				text = text[end+2:]
				continue
			}
		}
		end := len(text) - len(strings.TrimLeft(text, wordBytes))
		if end == 0 {
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		out.WriteString(snakeWord(text[:end]))
		text = text[end:]
	}
	return out.String()
}

const wordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./$@"

// snakeWord spells a word that is a key, or a path in which each step is one or a number.
func snakeWord(word string) string {
	if strings.ToLower(word) == word {
		return word
	}
	bare := strings.TrimRight(word, ".")
	for i, step := range strings.Split(strings.TrimPrefix(bare, "$."), ".") {
		if strings.Trim(step, "0123456789") != "" && !isKey(step) || i == 0 && step == "" {
			return word
		}
	}
	return SnakePath(bare) + word[len(bare):]
}

// isKey: configs have the key somewhere.
func isKey(key string) (known bool) {
	Config().Walk(func(s *Shape) { known = known || s.Name == key })
	return known
}
