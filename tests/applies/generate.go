package applies

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// A Case is a config.
type Case struct {
	Name string
	Text string
	// Field is the path of the field that is varied in it; "" for none alone.
	Field string
}

// A Place is where a case is booted.
type Place uint8

// The places. Nowhere has what only other tests have: servers and chips that keys are bound to, and a host that shares
// a folder.
const (
	Nowhere Place = iota
	Host
	Guest
)

// Place tells where a case that is valid is booted.
func (c *Case) Place() Place {
	object := read(c.Text)
	place := Host
	for _, p := range places(object) {
		object, _ := p.value.(map[string]any)
		p.path = strings.ToLower(p.path) // keys are known in any case
		switch {
		case p.path == "storage.luks.*.clevis.tang.*",
			p.path == "storage.luks.*.clevis.custom.pin" && p.value != nil && p.value != "",
			p.path == "storage.luks.*.cex.enabled" && p.value == true,
			p.path == "storage.filesystems.*" && object["format"] == "virtiofs":
			return Nowhere
		case p.path == "storage.luks.*", p.path == "storage.raid.*",
			p.path == "storage.filesystems.*" && object["format"] == "vfat" && object["path"] != nil:
			place = Guest
		}
	}
	if object == nil {
		return Nowhere
	}
	return place
}

// server is where an address of the web leads while configs are applied. Who applies puts its own in the place.
const server = "http://127.0.0.1:9"

// Generate gives all configs. They are the same in each run.
func Generate() []Case {
	var all []Case
	seen := map[string]bool{}
	written := slices.Concat(fields(), pairs(), corpus())
	for _, c := range append(written, mutations(written)...) {
		if !seen[c.Text] {
			seen[c.Text] = true
			all = append(all, c)
		}
	}
	return all
}

// Share takes about one of so many cases, always the same.
func Share(cases []Case, of uint32) (taken []Case) {
	for _, c := range cases {
		if c.among(of) {
			taken = append(taken, c)
		}
	}
	return taken
}

// among tells whether a case is in a share of one of so many. A share of a share is one of fewer.
func (c *Case) among(of uint32) bool { return c.sum(of)%of == 0 }

// sum is a number that is drawn for a case.
func (c *Case) sum(of uint32) uint32 {
	sum := fnv.New32a()
	_, _ = fmt.Fprint(sum, of, c.Text)
	return sum.Sum32()
}
