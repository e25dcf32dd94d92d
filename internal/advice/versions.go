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

// Version is the version of configs that somebody meant by a text that is none, as v3.4, or 3.4.0 with blanks around
// it; "" where that is not known.
func Version(text string) string {
	return meantVersion(text, func(yield func(string) bool) {
		for v := config.V3_0; v <= config.Newest && yield(v.String()); v++ {
		}
	})
}

// meantVersion finds a version that is written with a v, blanks or fewer numbers.
func meantVersion(text string, known func(yield func(string) bool)) string {
	text = strings.TrimLeft(strings.TrimSpace(text), "vV")
	for v := range known {
		if plain, _, _ := strings.Cut(v, "-"); v == text || plain == text || plain == text+".0" {
			return v
		}
	}
	return ""
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
	if meant == "" || w.n.Kind() != tree.String {
		return advice{}
	}
	return advice{hint: "write three numbers: " + meant, value: meant, certain: true}
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
	if meant == "" || w.word == strings.TrimLeft(w.n.Text(), "vV") {
		return advice{}
	}
	return advice{hint: "write three numbers: " + meant, value: meant, certain: true, bare: !w.json}
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
