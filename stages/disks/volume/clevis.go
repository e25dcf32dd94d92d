package volume

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

// A pinSSS is the config of clevis' pin of that name: so many of some pins open the volume. Its form is fixed
// (docs/peer/engine.md Appendix A).
type pinSSS struct {
	Pins struct {
		// Tang is there unless there is a TPM and no server: a threshold alone gives null.
		Tang *tangs    `json:"tang,omitempty"`
		Tpm2 *struct{} `json:"tpm2,omitempty"`
	} `json:"pins"`
	Threshold int `json:"t"`
}

type tangs []pinTang

type pinTang struct {
	URL           string          `json:"url"`
	Thumbprint    string          `json:"thp"`
	Advertisement json.RawMessage `json:"adv,omitempty"`
}

// clevisPin gives the pin and its config as clevis takes them.
func clevisPin(c *config.Clevis) (pin string, text diag.Secret, err error) {
	if pin := config.Says(c.Custom.Pin); pin != "" {
		return pin, diag.Secret(config.Says(c.Custom.Config)), nil
	}
	sss := pinSSS{Threshold: threshold(c)}
	var servers tangs
	for i, t := range c.Tang {
		one := pinTang{URL: t.URL, Thumbprint: config.Says(t.Thumbprint)}
		if adv := config.Says(t.Advertisement); adv != "" {
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(adv)); err != nil {
				return "", "", fmt.Errorf("advertisement of Tang server %d: %w", i, err)
			}
			one.Advertisement = compact.Bytes()
		}
		servers = append(servers, one)
	}
	if config.Says(c.Tpm2) {
		sss.Pins.Tpm2 = &struct{}{}
	}
	if len(servers) > 0 || sss.Pins.Tpm2 == nil {
		sss.Pins.Tang = &servers
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // of URLs: clevis may print them
	err = encoder.Encode(sss)
	return "sss", diag.Secret(strings.TrimSuffix(out.String(), "\n")), err
}

func threshold(c *config.Clevis) int {
	if c.Threshold == nil {
		return 1
	}
	return *c.Threshold
}

// distantTangs are the servers that binding has to reach. An empty advertisement is none.
func distantTangs(c *config.Clevis) []config.Tang {
	here := func(t config.Tang) bool { return config.Says(t.Advertisement) != "" }
	return slices.DeleteFunc(slices.Clone(c.Tang), here)
}

// testsItself: enough of the pins are at hand to open the volume with them right away.
func testsItself(c *config.Clevis) bool {
	atHand := len(distantTangs(c))
	if config.Says(c.Tpm2) {
		atHand++
	}
	return atHand >= threshold(c)
}

// advertisementURL is where a Tang server gives its keys to whoever asks: its answer shows that the network is up.
func advertisementURL(tang string) (string, error) {
	u, err := url.Parse(tang)
	if err != nil {
		return "", fmt.Errorf("%s: not a URL", source.Redact(tang))
	}
	return u.JoinPath("adv").String(), nil
}

// describeClevis names the pins and no secret of theirs.
func describeClevis(c *config.Clevis) string {
	if pin := config.Says(c.Custom.Pin); pin != "" {
		return "pin " + diag.Name(pin)
	}
	var pins []string
	for _, t := range c.Tang {
		pins = append(pins, "tang "+source.Redact(t.URL))
	}
	if config.Says(c.Tpm2) {
		pins = append(pins, "tpm2")
	}
	if len(pins) == 0 {
		return "no pins"
	}
	return fmt.Sprintf("%d of %s", threshold(c), strings.Join(pins, ", "))
}

// told are the texts in a pin's config, which clevis may tell: it quotes URLs that do not answer.
func told(text diag.Secret) []diag.Secret {
	var parsed any
	decoder := json.NewDecoder(strings.NewReader(text.Reveal()))
	decoder.UseNumber()
	if decoder.Decode(&parsed) != nil {
		return []diag.Secret{text}
	}
	return leaves(parsed, nil)
}

// leaves are the texts and numbers in a JSON value.
func leaves(v any, found []diag.Secret) []diag.Secret {
	switch v := v.(type) {
	case string:
		return append(found, diag.Secret(v))
	case json.Number:
		return append(found, diag.Secret(v.String()))
	case []any:
		for _, each := range v {
			found = leaves(each, found)
		}
	case map[string]any:
		for _, each := range v {
			found = leaves(each, found)
		}
	}
	return found
}
