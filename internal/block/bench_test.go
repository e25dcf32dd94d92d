package block

import (
	"bytes"
	"testing"
)

// One of 64 disks that share 1,000 partitions.
func BenchmarkLayout(b *testing.B) {
	table, err := NewTable(1<<30, 512, seeded())
	if err != nil {
		b.Fatal(err)
	}
	var specs []Spec
	for range 16 {
		specs = append(specs, Spec{SizeMiB: some(64), ShouldExist: true})
	}
	for b.Loop() {
		if _, _, err := Layout(table, specs); err != nil {
			b.Fatal(err)
		}
	}
}

// What a disk holds: its table, and the signatures on it.
func BenchmarkObserve(b *testing.B) {
	m, _ := written(b, 512, twoParts...)
	m.data = append(m.data, make([]byte, 64<<20)...)
	for b.Loop() {
		if _, err := Inspect(m, int64(len(m.data)), 512); err != nil {
			b.Fatal(err)
		}
		if _, err := Probe(bytes.NewReader(m.data), int64(len(m.data))); err != nil {
			b.Fatal(err)
		}
	}
}
