package language

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// hiddenParts lists the parts of a text in a document that no excerpt may show. tag says what the text's field may
// hold, as the tags of the model do: "url", "key" (an SSH key), else a secret that is hidden whole. So is a text that
// is not spelled in the document as it reads, because of escapes or line breaks.
func hiddenParts(tag string, n tree.Node) []diag.Span {
	span, text := n.Span(), n.Text()
	if span.End > len(n.Document().Text) {
		return nil // it stands in no text, but was made from a node that does
	}
	at := strings.Index(n.Document().Text[span.Start:span.End], text)
	if at < 0 || text == "" || strings.Contains(text, "\n") {
		return []diag.Span{span}
	}
	var hidden []diag.Span
	switch tag {
	case "url":
		hidden = secretsOfURL(text)
	case "key":
		hidden = secretsOfKey(text)
	case "header":
		if public := len(diag.HeaderName(text)); public < len(text) {
			hidden = []diag.Span{{Start: public, End: len(text)}}
		}
	default:
		hidden = whole(text)
	}
	for i := range hidden {
		hidden[i].Start += span.Start + at
		hidden[i].End += span.Start + at
		if hidden[i].Start == span.Start+at && hidden[i].End == span.Start+at+len(text) {
			hidden[i] = span
		}
	}
	return hidden
}

func whole(text string) []diag.Span { return []diag.Span{{Start: 0, End: len(text)}} }

// secretsOfURL: userinfo, query and fragment; a port that is no number, which may be part of a password; and all of
// what has no scheme or is a data: URL, because it may be the content itself.
func secretsOfURL(text string) (hidden []diag.Span) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest, found = strings.Cut(text, ":")
		found = found && strings.EqualFold(scheme, "arn")
	}
	if !found && strings.Contains(text, "/") && diag.MayShow(text) {
		return nil // a path, or a host and a path
	}
	if !found || !isScheme(scheme) || strings.EqualFold(scheme, "data") {
		return whole(text)
	}
	start := len(text) - len(rest)
	authority := rest[:end(rest, "/?#")]
	host := 0
	if i := strings.LastIndexByte(rest, '@'); i >= 0 && strings.ContainsAny(authority, ":@") &&
		!strings.EqualFold(scheme, "arn") {
		if in := strings.LastIndexByte(authority, '@'); in >= 0 {
			i = in // what follows is the path's
		}
		host = i + 1
		hidden = append(hidden, diag.Span{Start: start, End: start + i})
	}
	authority = rest[host : host+end(rest[host:], "/?#")]
	if from := secretsOfHost(authority); from < len(authority) && !strings.EqualFold(scheme, "arn") {
		hidden = append(hidden, diag.Span{Start: start + host + from, End: start + host + len(authority)})
	}
	if i := host + end(rest[host:], "?#"); i < len(rest)-1 {
		hidden = append(hidden, diag.Span{Start: start + i + 1, End: len(text)})
	}
	return hidden
}

// secretsOfHost gives the offset from which a host and its port may be something else.
func secretsOfHost(authority string) int {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	name, port, _ := strings.Cut(authority, ":")
	if strings.HasPrefix(authority, "[") {
		name, port, _ = strings.Cut(authority[1:], "]")
		name, port = strings.ReplaceAll(name, ":", ""), strings.TrimPrefix(port, ":")
	}
	switch {
	case strings.Trim(name, letters) != "":
		return 0
	case strings.Trim(port, "0123456789") != "":
		return len(authority) - len(port)
	}
	return len(authority)
}

func isScheme(text string) bool {
	return text != "" && strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789+.-") == "" &&
		diag.MayShow(text)
}

// end is where the first of some bytes is in a text, or its end.
func end(text, of string) int {
	if i := strings.IndexAny(text, of); i >= 0 {
		return i
	}
	return len(text)
}

// secretsOfKey: a public key is no secret, but the options in front of it may have commands and environments, and what
// is no public key may be a private one.
func secretsOfKey(text string) []diag.Span {
	for _, kind := range []string{"ssh-", "sk-ssh-", "ecdsa-sha2-", "sk-ecdsa-sha2-"} {
		if strings.HasPrefix(text, kind) {
			return nil
		}
	}
	return whole(text)
}
