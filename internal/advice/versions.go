package advice

import (
	"cmp"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Version is the version of configs that somebody meant by a text that is none, as v3.4 or 3.4.x; "" where that is not
// known.
func Version(text string) string {
	return meantVersion(text, func(yield func(string) bool) {
		for v := config.V3_0; v <= config.Newest && yield(v.String()); v++ {
		}
	})
}

// meantVersion finds the known version whose first two numbers a text has.
func meantVersion(text string, known func(yield func(string) bool)) string {
	isNoDigit := func(r rune) bool { return r < '0' || r > '9' }
	text = strings.TrimLeft(strings.TrimSpace(text), "vV")
	numbers := strings.FieldsFunc(text, isNoDigit)
	if len(numbers) < 2 || isNoDigit(rune(text[0])) {
		return ""
	}
	for v := range known {
		if own := strings.FieldsFunc(v, isNoDigit); own[0] == numbers[0] && own[1] == numbers[1] {
			return v
		}
	}
	return ""
}

// WriteVersion is the hint on a text that is no version, where one was meant.
func WriteVersion(meant string) string {
	if strings.Contains(meant, "-") {
		return "this version is still experimental: " + meant
	}
	return "write three numbers: " + meant
}

// isPlain: nothing else can be meant than the version, which somebody has written with a v, blanks or fewer numbers.
func isPlain(text, meant string) bool {
	text = strings.TrimLeft(strings.TrimSpace(text), "vV")
	return text == meant || text+".0" == meant
}

// version names the version that was meant: one with a v in front, of the other language, or in the wrong place.
func (w *wrong) version() advice {
	switch {
	case !w.config:
		return w.documentVersion()
	case w.p.Code == codes.VersionMissing:
		return w.misplacedVersion()
	}
	if d, err := butane.Find("fcos", w.word); err == nil && w.word != "" {
		return say("%s is a version of Butane documents; %s makes configs of version %s", w.word, d, d.Spec)
	}
	meant := Version(w.word)
	if meant == "" || w.n.Kind() != tree.String || w.p.Code == codes.VersionUnknown {
		return advice{}
	}
	return advice{hint: WriteVersion(meant), value: meant, certain: isPlain(w.word, meant)}
}

func (w *wrong) documentVersion() advice {
	if n := misspelt(w.root, "version"); w.p.Code == codes.VersionMissing && n.Exists() {
		rename(w.p, n, "version")
		return advice{}
	}
	variant := w.root.Get("variant").Text()
	if spec, err := config.ParseVersion(w.word); err == nil {
		for _, d := range butane.Dialects() {
			if d.Variant == variant && d.Spec >= spec {
				return say("%s is a version of configs; %s makes configs of version %s", spec, d, d.Spec)
			}
		}
	}
	meant := meantVersion(w.word, func(yield func(string) bool) {
		for _, d := range butane.Dialects() {
			if d.Variant == variant && !yield(d.Version) {
				return
			}
		}
	})
	asIs := w.p.Code == codes.VersionUnknown || strings.HasPrefix(meant, w.word)
	if meant == "" || asIs && w.word == w.n.Text() {
		return advice{}
	}
	return advice{hint: WriteVersion(meant), value: meant, certain: isPlain(w.word, meant), bare: !w.json}
}

// misplacedVersion: the version stands beside ignition, or is its value, and not below it.
func (w *wrong) misplacedVersion() advice {
	if asDocument(w.p, w.root) {
		return advice{}
	}
	for c := range w.root.Children() {
		if c.Kind() < tree.List && (strings.EqualFold(c.Key(), "version") || strings.EqualFold(c.Key(), "ignition")) {
			return say(`the version belongs below ignition: "ignition": {"version": %q}`,
				cmp.Or(Version(c.Text()), config.Stable.String()))
		}
	}
	return advice{}
}

// variant names the one that was meant.
func (w *wrong) variant() advice {
	var known []string
	for _, d := range butane.Dialects() {
		if !slices.Contains(known, d.Variant) {
			known = append(known, d.Variant)
		}
	}
	meant := diag.Nearest(w.word, known)
	if strings.Contains(strings.ToLower(w.word), "coreos") {
		meant = "fcos"
	}
	if meant == "" || w.word == "rhcos" {
		return advice{}
	}
	return say("write %s; the variants are %s", meant, strings.Join(known, ", "))
}
