package tool

import (
	"net/url"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/source"
)

const (
	// piece is how much of a secret, from anywhere in it, is taken for a quotation.
	piece = 8
	// shortSecret is the length of text that is no secret worth hiding: hiding "1" would garble every message.
	shortSecret = 4
)

// A scrubber takes secrets out of what a tool has printed.
type scrubber struct {
	secrets []diag.Secret
	// public are texts that everyone may read, also where they are equal to a secret or have it in them: a label, say.
	public []string
}

// scrubber is for the output of this command: what it is given in private must not show, its arguments are known.
func (c Command) scrubber() scrubber {
	s := scrubber{secrets: slices.Concat([]diag.Secret{c.Stdin}, c.Secrets, c.Hidden)}
	if !c.Private {
		s.public = c.Args
	}
	return s
}

// text hides secrets, whole or in pieces. The effort is one look at each byte of them.
func (s scrubber) text(text string) string {
	text = s.withoutURLs(text)
	find := finder{text: text, hidden: make([]bool, len(text)), at: map[int]map[string][]int{}}
	for _, secret := range s.secrets {
		for _, part := range parts(secret.Reveal()) {
			find.secret(part)
		}
	}
	var b strings.Builder
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && find.hidden[end] == find.hidden[at] {
			end++
		}
		if find.hidden[at] && !s.isPublic(text, at, end) {
			b.WriteString("…")
		} else {
			b.WriteString(text[at:end])
		}
		at = end
	}
	return b.String()
}

// isURL: people have to see which server a message is about.
func isURL(secret string) bool {
	return strings.Contains(secret, "://") && !strings.ContainsAny(secret, " \t\n\"{}")
}

// parts are what is to be hidden of a secret: of a URL the parts that are one.
func parts(secret string) []string {
	if !isURL(secret) {
		return []string{secret}
	}
	u, err := url.Parse(secret)
	if err != nil {
		return nil // it is hidden whole
	}
	password, _ := u.User.Password()
	all := []string{u.User.Username(), password}
	for _, values := range u.Query() {
		all = append(all, values...)
	}
	return all
}

// withoutURLs leaves of a URL what may be known of it.
func (s scrubber) withoutURLs(text string) string {
	var urls []string
	for _, secret := range s.secrets {
		if isURL(secret.Reveal()) {
			urls = append(urls, secret.Reveal())
		}
	}
	// The longest first: one may be part of another.
	order.By(urls, func(a, b string) int { return len(b) - len(a) })
	for _, url := range urls {
		text = strings.ReplaceAll(text, url, source.Redact(url))
	}
	return text
}

// isPublic: the bytes from at to end are part of a public text.
func (s scrubber) isPublic(text string, at, end int) bool {
	return slices.ContainsFunc(s.public, func(public string) bool {
		for from := max(0, end-len(public)); from <= at; from++ {
			if public != "" && strings.HasPrefix(text[from:], public) {
				return true
			}
		}
		return false
	})
}

// A finder finds secrets in a text.
type finder struct {
	text   string
	hidden []bool                   // a byte each
	at     map[int]map[string][]int // for a length, where each stretch of the text of that length is
}

// secret hides what the text has of a secret: pieces of it, and lines that are too short for one.
func (f *finder) secret(secret string) {
	for i := range max(0, len(secret)-piece+1) {
		f.hide(secret[i : i+piece])
	}
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= shortSecret && len(line) < piece {
			f.hide(line)
		}
	}
}

func (f *finder) hide(stretch string) {
	n := len(stretch)
	places := f.at[n]
	if places == nil {
		places = map[string][]int{}
		for i := range max(0, len(f.text)-n+1) {
			places[f.text[i:i+n]] = append(places[f.text[i:i+n]], i)
		}
		f.at[n] = places
	}
	for _, from := range places[stretch] {
		for i := range n {
			f.hidden[from+i] = true
		}
	}
	delete(places, stretch) // hidden once is enough
}
