package advice

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// instead says what to write in the place of a value of another kind than its field takes.
func (w *wrong) instead() advice {
	if w.s == nil || w.s.Path == "ignition.version" && w.n.Kind() == tree.Number { // it has advice of its own
		return advice{}
	}
	switch w.s.Kind {
	case tree.Number:
		return w.number()
	case tree.Bool:
		return w.truth()
	case tree.List:
		return advice{hint: w.list()}
	case tree.Object:
		return advice{hint: section{w}.object()}
	}
	return advice{hint: w.string()}
}

// say is an advice whose value may be something else.
func say(format string, args ...any) advice { return advice{hint: fmt.Sprintf(format, args...)} }

// write is an advice of which the value is certain: a number or a truth value.
func write(hint, value string) advice {
	return advice{hint: hint, value: value, certain: true, bare: true}
}

func (w *wrong) number() advice {
	if w.n.Kind() != tree.String {
		return advice{}
	}
	if strings.HasSuffix(w.s.Name, "mode") {
		return w.mode()
	}
	if isDigits(w.word) {
		switch plain := strings.TrimLeft(w.word[:len(w.word)-1], "0") + w.word[len(w.word)-1:]; {
		case plain == w.word:
		case w.json:
			return say("write %s", plain)
		default:
			return say("write %s: without quotes, a zero in front makes the number an octal one", plain)
		}
		return write("remove the quotes", w.word)
	}
	if hint := w.measure(); hint != "" {
		return advice{hint: hint}
	}
	if _, isOwner := strings.CutSuffix(w.s.Path, "user.id"); (isOwner || strings.HasSuffix(w.s.Path, "group.id")) &&
		diag.MayShow(w.word) && w.word != "" {
		return say("write %s in place of id", w.member("name", w.word))
	}
	return say("write a whole number")
}

// mode: digits with a zero in front are octal. Without one they may be either, if they can be octal digits.
func (w *wrong) mode() advice {
	text := strings.Replace(w.word, "0o", "0", 1)
	octal, notOctal := strconv.ParseUint(text, 8, 12)
	decimal, notDecimal := strconv.ParseUint(text, 10, 12)
	isOctal := notOctal == nil && (text[0] == '0' || notDecimal != nil && len(text) > 2)
	switch bits := strconv.FormatUint(octal, 10); {
	case !isDigits(text), text[0] == '0' && notOctal != nil: // 08 is no number of either kind
	case isOctal && w.json:
		return write("write permission bits as a decimal number: "+bits, bits)
	case isOctal && text[0] == '0', notDecimal == nil && octal == decimal:
		return write("remove the quotes", w.word)
	case isOctal:
		return write("write 0"+text, "0"+text)
	case notOctal != nil && notDecimal == nil:
		return write(fmt.Sprintf("write %s, which is %#o", text, decimal), text)
	case notOctal == nil:
		if !w.json {
			bits = "0" + text
		}
		return say("write %s if it is octal, %s if it is decimal, which is %#o", bits, text, decimal)
	}
	if w.json {
		return say("%s", decimalBits)
	}
	return say("write permission bits in octal digits, as 0644")
}

// bits says how permission bits are written in JSON, which has no octal numbers. In YAML the hint is right as it is.
func (w *wrong) bits() advice {
	if !w.json || w.s == nil || !strings.HasSuffix(w.s.Name, "mode") {
		return advice{}
	}
	number, err := strconv.Atoi(w.word)
	meant, likely, certain := language.OctalMode(number)
	if err != nil || !likely {
		return say("%s", decimalBits)
	}
	bits := strconv.Itoa(meant)
	return advice{hint: "write " + bits + ", which is 0" + w.word, value: bits, certain: certain, bare: true}
}

const decimalBits = "write permission bits as a decimal number: 420 is 0644, 493 is 0755"

// measure reads a number with a unit: a size or a time.
func (w *wrong) measure() string {
	units, in := map[string]uint64{"m": 1, "mb": 1, "mib": 1, "g": 1 << 10, "gb": 1 << 10, "gib": 1 << 10,
		"t": 1 << 20, "tb": 1 << 20, "tib": 1 << 20}, "MiB"
	if strings.HasPrefix(strings.ToLower(w.s.Name), "http") {
		units, in = map[string]uint64{"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}, "seconds"
	} else if !strings.HasSuffix(strings.ToLower(w.s.Name), "mib") {
		return ""
	}
	digits := w.word[:len(w.word)-len(strings.TrimLeft(w.word, "0123456789"))]
	many, err := strconv.ParseUint(digits, 10, 32)
	each := units[strings.ToLower(strings.TrimSpace(w.word[len(digits):]))]
	if err != nil || each == 0 {
		return "write a whole number of " + in
	}
	return fmt.Sprintf("write %d; it counts %s", many*each, in)
}

// truth: words for true and false can have meant nothing else.
func (w *wrong) truth() advice {
	is, known := truthOf(w.n)
	word := strconv.FormatBool(is)
	switch {
	case !known:
		return say("write true or false")
	case w.n.Kind() == tree.String && w.word == word:
		return write("remove the quotes", word)
	}
	return write("write "+word, word)
}

// truthOf reads what people write for true and false.
func truthOf(n tree.Node) (is, known bool) {
	if n.Kind() >= tree.List {
		return false, false
	}
	switch strings.ToLower(strings.TrimSpace(n.Text())) {
	case "true", "yes", "on", "y", "1":
		return true, true
	case "false", "no", "off", "n", "0":
		return false, true
	}
	return false, false
}

func (w *wrong) list() string {
	item := w.s.Item
	switch {
	case w.n.Kind() == tree.Bool && w.s.Name == "append":
		return "append is the list of what is added: move the contents there, as " + w.member("append", nil)
	case w.n.Kind() == tree.Object && strings.HasPrefix(w.n.First().Key(), "-") && !w.json:
		return "put a blank behind the dash, as in - " + diag.ShowKey(strings.TrimLeft(w.n.First().Key(), "-")) + ": …"
	case w.n.Kind() == tree.Object && item.Kind == tree.Object && !w.hasKeyOf(item):
		return section{w}.keyed(item)
	case w.n.Kind() == tree.Object && item.Kind == tree.Object && w.json:
		return "put it into brackets: [{…}]"
	case w.n.Kind() == tree.Object && item.Kind == tree.Object:
		return "write it as an item: put a dash in front of its first line, or all of it into brackets"
	case item.Kind == tree.Object:
		if form := (&wrong{s: item, n: w.n, word: w.word, json: w.json, config: w.config}).form(); form != "" {
			return "write [" + form + "]"
		}
		return "write a list: [{…}]"
	}
	return "put it into brackets: [" + w.items() + "]"
}

// hasKeyOf: some key of the object is one of a shape.
func (w *wrong) hasKeyOf(s *language.Shape) bool {
	for c := range w.n.Children() {
		if s.Member(c.Key()) != nil {
			return true
		}
	}
	return w.s.Field.List.Key == ""
}

// items is a text of words, perhaps with commas between them, as items of a list.
func (w *wrong) items() string {
	words := strings.Split(w.word, ",")
	for i, word := range words {
		words[i] = strings.TrimSpace(word)
		if w.s.HoldsSecrets() || words[i] == "" || !diag.MayShow(words[i]) {
			return "…"
		}
		if w.json {
			words[i] = strconv.Quote(words[i])
		}
	}
	return strings.Join(words, ", ")
}

// form says how an object is written of which only the value that matters most was given.
func (w *wrong) form() string {
	keys := []string{"inline", "name", "path", "device", "url", "local"}
	switch {
	case w.n.Kind() == tree.Number:
		keys = []string{"id"}
	case w.n.Kind() != tree.String:
		return ""
	case w.config && w.s.Member("source") != nil:
		return `{"source": "data:,…"}, with the text escaped as in a URL`
	}
	for _, key := range keys {
		if w.s.Member(key) != nil {
			return "{" + w.member(key, "…") + "}"
		}
	}
	return ""
}

// member spells a member of an object in the notation of the text. A value of nil is a list of one content.
func (w *wrong) member(key string, value any) string {
	text, isText := value.(string)
	switch {
	case !isText && w.config:
		return `"` + key + `": [{"source": …}]`
	case !isText:
		text = "[{inline: …}]"
	case w.json && w.n.Kind() == tree.String:
		text = strconv.Quote(text)
	}
	if w.json {
		key = strconv.Quote(key)
	}
	return key + ": " + text
}

func (w *wrong) string() string {
	switch w.n.Kind() {
	case tree.Number, tree.Bool:
		return "put it into quotes"
	case tree.List:
		if first := w.n.First(); first.Kind() == tree.String && strings.HasSuffix(w.s.Path, "version") &&
			Version(first.Text()) != "" {
			return "write " + strconv.Quote(Version(first.Text())) + ", without brackets"
		}
		return "write one text, without brackets"
	case tree.Object:
		return "write the text itself"
	}
	return ""
}

// isDigits: a text is a number of a size that numbers have.
func isDigits(text string) bool {
	return text != "" && len(text) < 19 && strings.Trim(text, "0123456789") == ""
}
