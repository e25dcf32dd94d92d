package document

import (
	"maps"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An Advertisement is the advertisement of a Tang server in the policy of one volume.
type Advertisement struct {
	Volume string `json:"volume"` // by name
	Server string `json:"server"` // by URL, as the config has it
	Text   string `json:"text"`   // JSON
}

// Cached gives the config as JSON, as Ignition leaves it from stage to stage: without the advertisements of a document
// of version 3.4.0, which Ignition loses when it brings that to a newer version. apart are these advertisements, in the
// order of the document, for Advertise.
func (doc *Document) Cached() (text []byte, apart []Advertisement) {
	doc.upgrade()
	if len(doc.losing) == 0 {
		return doc.json(nil), nil
	}
	for volume := range doc.root.Get("storage").Get("luks").Children() {
		for server := range volume.Get("clevis").Get("tang").Children() {
			if a := server.Get("advertisement"); a.Exists() && doc.losing[a.Document()] {
				apart = append(apart, Advertisement{volume.Get("name").Text(), server.Get("url").Text(), a.Text()})
			}
		}
	}
	return doc.json(func(m *language.Shape, n tree.Node) bool {
		return m.Name == "advertisement" && doc.losing[n.Document()]
	}), apart
}

// Advertise gives Tang servers back the advertisements that Cached has left out.
func (doc *Document) Advertise(all []Advertisement) {
	type key struct{ volume, server string }
	text := map[key]string{}
	for _, a := range all {
		text[key{a.Volume, a.Server}] = a.Text
	}
	for volume := range doc.root.Get("storage").Get("luks").Children() {
		for server := range volume.Get("clevis").Get("tang").Children() {
			said, ok := text[key{volume.Get("name").Text(), server.Get("url").Text()}]
			if ok && !server.Get("advertisement").Exists() {
				server.Append().AddMember("advertisement", server.Arena().NewString(server, said))
				doc.config = nil
			}
		}
	}
}

// texts is a set of documents.
type texts map[*diag.Document]bool

// with gives the union of two sets.
func (a texts) with(b texts) texts {
	if a == nil && len(b) > 0 {
		a = texts{}
	}
	maps.Copy(a, b)
	return a
}
