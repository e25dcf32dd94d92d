package load_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// pages are documents by their URL.
type pages map[string]string

func (pages) Configure(context.Context, config.Ignition) error { return nil }

func (p pages) Bytes(_ context.Context, r config.Resource) ([]byte, error) {
	return []byte(p[*r.Source]), nil
}

// follow renders a config that merges documents, and gives what was reported and how documents were called.
func (p pages) follow(t *testing.T, urls ...string) (found []diag.Problem, names []string, err error) {
	t.Helper()
	l := load.Loader{
		Arena: tree.NewArena(), Audience: diag.Boot, Fetcher: p,
		Report:    func(problems []diag.Problem) { found = append(found, problems...) },
		Reference: func(_, name string, _ diag.Place) { names = append(names, name) },
	}
	top, err := l.Document("top", []byte(refers(urls...)))
	require.NoError(t, err)
	_, err = l.Render(t.Context(), top)
	return found, names, err
}

func refers(urls ...string) string {
	var items []string
	for _, url := range urls {
		items = append(items, fmt.Sprintf(`{"source": %q}`, url))
	}
	return `{"ignition": {"version": "3.6.0", "config": {"merge": [` + strings.Join(items, ", ") + `]}}}`
}

// Two documents can have the same name once their secrets are left out; what is wrong with both is told of both.
func TestDocumentsOfOneNameAreToldApart(t *testing.T) {
	const text = `{"ignition": {"version": "3.6.0"}, "zz": 1}`
	found, names, err := pages{"http://h/?q=1": text, "http://h/?q=2": text}.follow(t, "http://h/?q=1", "http://h/?q=2")
	require.NoError(t, err)
	assert.Equal(t, []string{"http://h/?q=…", "http://h/?q=…"}, names)
	assert.Equal(t, []string{"warning key-unknown $.zz", "warning key-unknown $.zz"}, told(found))
}

func TestErrorsOfReferencesHideTheSecretsOfURLs(t *testing.T) {
	const secret = "http://user:sekrit@h/x?token=sekrit#sekrit"
	for claim, text := range map[string]string{
		"a document that refers to itself": refers(secret),
		"an empty document":                "",
		"a document that is none":          "sekrit",
		"an invalid document": `{"ignition": {"version": "3.6.0"}, ` +
			`"systemd": {"units": [{"name": "x", "contents": "[sekrit"}]}}`,
	} {
		_, names, err := pages{secret: text}.follow(t, secret)
		require.Error(t, err, claim)
		assert.NotContains(t, err.Error()+strings.Join(names, " "), "sekrit", claim)
	}
}

// A document that a config refers to is called by its name as one on a command line is.
func TestWhatAConfigRefersToIsCalledByItsName(t *testing.T) {
	for text, want := range map[string]string{
		"\x1f\x8b\x08\x00":             "this is gzip-compressed data, not a config",
		"dmFyaWFudDogZmNvcwo=":         "this is a Butane document in base64, not a config",
		"#cloud-config\nusers: []\n":   "this is a cloud-config file, not a config",
		"#!/bin/sh\n":                  "this is a script, not a config",
		"- a: b\n":                     "this is YAML, a list, not a config",
		"---\n":                        "this is a blank YAML document, not a config",
		" \n":                          "the document is empty",
		"\x00\x00":                     "the text has nothing but NUL bytes",
		"<html>":                       "this is an HTML page, not a config",
		"a\x00:\x00 \x00b\x00c\x00":    "this is text in UTF-16 without a byte order mark, not in UTF-8",
		"# a\n{\"ignition\":{}}":       "JSON has no comments",
		"https://example.com/next.ign": "this is a URL, not a config",
	} {
		_, _, err := pages{"http://h/": text}.follow(t, "http://h/")
		require.Error(t, err)
		assert.Contains(t, err.Error(), want, "%q", text)
	}
}
