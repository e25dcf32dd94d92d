package check

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// AtHand is a load.Fetcher that fetches nothing: it gives what a document has in it, and the files of Maps.
type AtHand struct {
	Maps  Maps
	Files map[string]string // gets the files that were read, by URL
}

// Configure has nothing to do, as nothing is fetched.
func (a *AtHand) Configure(context.Context, config.Ignition) error { return nil }

// Bytes gives a document that is at hand.
func (a *AtHand) Bytes(_ context.Context, r config.Resource) ([]byte, error) {
	content, err := a.content(&r)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	errLarge := fmt.Errorf("larger than %d bytes, which no config is", tree.TextMax)
	packed, err := atMost(content, tree.TextMax)
	switch {
	case err != nil:
		return nil, err
	case packed == nil:
		return nil, errLarge
	}
	if wrong := new(source.Judge).Unlike(&r, bytes.NewReader(packed)); wrong != nil {
		return nil, wrong.Fault
	}
	text, known := source.Unpacked(&r, bytes.NewReader(packed), tree.TextMax)
	if !known {
		return nil, errLarge
	}
	return text, nil
}

// atMost gives a content of at most so many bytes, nil for a larger one. Of a file that is larger it reads nothing.
func atMost(content io.Reader, most int64) ([]byte, error) {
	if f, is := content.(*os.File); is {
		if info, err := f.Stat(); err == nil && info.Size() > most {
			return nil, nil
		}
	}
	b := bytes.NewBuffer([]byte{})
	n, err := b.ReadFrom(io.LimitReader(content, most+1))
	if err != nil || n > most {
		return nil, err
	}
	return b.Bytes(), nil
}

func (a *AtHand) content(r *config.Resource) (io.ReadCloser, error) {
	url := config.Says(r.Source)
	if text, inline := source.Inline(url); inline || url == "" {
		return io.NopCloser(strings.NewReader(text)), nil
	}
	content, name, err := a.Maps.open(url)
	if err != nil {
		return nil, err
	}
	if content == nil {
		return nil, load.ErrAbsent
	}
	a.Files[url] = name
	return content, nil
}
