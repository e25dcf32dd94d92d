package diag

import (
	"strconv"
	"strings"
	"unicode"
)

// MayShow reports whether an unknown key is one or several words, so that it may be shown. By mistake, a password hash,
// a token or a secret key may stand in the place of a key; these have more digits, more changes of case or other
// characters than words have. A password that is a word cannot be told from a word.
func MayShow(key string) bool {
	const longest = 80
	bare := strings.TrimPrefix(key, "$") // as in $schema
	if len(key) > longest || len(bare) < len(key) && (bare == "" || !isASCIILetter(bare[0])) {
		return false
	}
	digits := 0
	for word := range strings.FieldsFuncSeq(bare, func(r rune) bool { return strings.ContainsRune("._-/", r) }) {
		n, ok := isWord(word)
		if digits += n; !ok {
			return false
		}
	}
	return digits <= 4
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isWord: letters, few of them capitals and not without vowels; or something short that also has digits, such as
// sha256.
func isWord(word string) (digits int, ok bool) {
	letters, capitals, vowels := 0, 0, 0
	for _, r := range word {
		switch {
		case '0' <= r && r <= '9':
			digits++
			continue
		case !unicode.IsLetter(r):
			return digits, false
		case unicode.IsUpper(r):
			capitals++
		}
		letters++
		if r > 'z' || strings.ContainsRune("aeiouyAEIOUY", r) {
			vowels++
		}
	}
	switch {
	case digits > 0:
		return digits, letters+digits <= 6 && digits <= 3
	case letters > 24, letters >= 6 && vowels == 0:
		return 0, false
	}
	return 0, capitals <= letters/2 || capitals == letters && letters <= 12
}

// QuoteKey gives a key in quotes, or words that say that it is hidden.
func QuoteKey(key string) string {
	if MayShow(key) {
		return strconv.Quote(key)
	}
	return Redacted
}

// ShowKey gives a key as a step of a path, or Redacted.
func ShowKey(key string) string {
	if MayShow(key) {
		return key
	}
	return Redacted
}

// Nearest finds the word of a list that somebody may have meant by a key: first a word with the same letters; then one
// that begins with the key or contains it; then the one with the fewest wrong letters, at most a third of them; then
// one with which the key begins. It gives "" where nothing is near. Case, dashes and underscores do not count.
func Nearest(key string, words []string) string {
	key = lettersOf(key)
	if key == "" || len(key) > 40 {
		return ""
	}
	for _, means := range []func(word string) bool{
		func(word string) bool { return word == key },
		func(word string) bool { return len(key) >= 2 && strings.HasPrefix(word, key) },
		func(word string) bool { return len(key) >= 3 && strings.Contains(word, key) },
	} {
		if found := shortest(words, means); found != "" {
			return found
		}
	}
	best, found := min(3, (len(key)+2)/3)+1, ""
	for _, word := range words {
		letters := lettersOf(word)
		if max(len(key)-len(letters), len(letters)-len(key)) >= best {
			continue
		}
		if d := distance(key, letters); d < best {
			best, found = d, word
		}
	}
	if found == "" {
		found = shortest(words, func(word string) bool { return len(word) >= 4 && strings.HasPrefix(key, word) })
	}
	return found
}

// IsSlip tells whether a key can be nothing but a word with a letter wrong. Of a short word another letter makes
// another word, as gid and pid are of uid.
func IsSlip(key, word string) bool {
	const short, veryShort = 4, 3
	key, word = lettersOf(key), lettersOf(word)
	if len(word) > short {
		return true
	}
	likely := len(word) > veryShort || len(key) != len(word) || strings.Trim(key, word) == ""
	return likely && distance(key, word) <= 1
}

// SameLetters: two keys are one but for case, dashes and underscores.
func SameLetters(a, b string) bool { return lettersOf(a) == lettersOf(b) }

// lettersOf leaves out dashes and underscores, and makes capitals small. It is called for every word of the language
// for each unknown key, so it must not build a strings.Replacer first.
func lettersOf(word string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(word, "_", ""), "-", ""))
}

func shortest(words []string, means func(letters string) bool) (found string) {
	for _, word := range words {
		if means(lettersOf(word)) && (found == "" || len(word) < len(found)) {
			found = word
		}
	}
	return found
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to turn a into b (optimal string
// alignment).
func distance(a, b string) int {
	var before, row []int
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := range len(a) {
		before, row, next = row, next, make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
	}
	return next[len(b)]
}
