package providers

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// libraryXML is what encoding/xml makes of a text.
func libraryXML(text string) (said []string, ok bool) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var path []xml.StartElement
	var starts []int64
	for {
		start := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return said, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			path, starts = append(path, token.Copy()), append(starts, start)
			if len(path) > ovfDepthMax {
				return said, false
			}
		case xml.EndElement:
			last := len(path) - 1
			line := fmt.Sprint(starts[last], "-", d.InputOffset())
			for _, e := range path {
				line += " " + e.Name.Space + "|" + e.Name.Local
			}
			for _, a := range path[last].Attr {
				line += fmt.Sprintf(" %s=%q", a.Name.Local, a.Value)
			}
			said = append(said, line)
			if path, starts = path[:last], starts[:last]; last == 0 {
				return said, true
			}
		}
	}
}

func ownXML(text string) (said []string, ok bool) {
	err := walkXML(text, func(path []xmlElement, start, end int) {
		line := fmt.Sprint(start, "-", end)
		for _, e := range path {
			line += " " + e.Name.Space + "|" + e.Name.Local
		}
		for _, a := range path[len(path)-1].Attr {
			line += fmt.Sprintf(" %s=%q", a[0], a[1])
		}
		said = append(said, line)
	})
	return said, err == nil
}

var xmlSeeds = []string{
	`<?xml version="1.0" encoding="UTF-8"?><Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" ` +
		`xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"><PropertySection>` +
		`<Property oe:key="a" oe:value="b &amp; c"/>` +
		"</PropertySection>\n</Environment>\n",
	`<a><!-- c --><b x='1' y = "&#x41;&#66;"></b >t &lt; u<![CDATA[ <x> ]]></a>`, `<!DOCTYPE a [<!ENTITY b "c>">]><a/>`,
	`<a:b xmlns:a="u"><a:c/><d xmlns="v"><e/></d></a:b>`, `<a/>rest`, "<a></b>", "<a>", "", "x", "<a",
	"<a b>", "<a b=c/>",
	"<a b='<'/>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>]]></a>", "<a>\x01</a>", "<a>\xff</a>",
	`<?xml version="1.1"?><a/>`,
	"<a><!-- -- --></a>", "<1/>", "<a:b:c/>", "<:a/>", "<a:/>", "<a b='\r\n'/>", "<a b='&#13;'/>", "<a\t/>",
	"<a / >", "< a/>",
	"</a>", "<?x?><a/>", "<??>", "<!---->", "<a><b></a></b>", "<ä ö='ü'/>", "<a>&#xD800;</a>",
	"<a>&#x110000;</a>", "<a b='1'c='2'/>",
	strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65), strings.Repeat("<a>", 64) + strings.Repeat("</a>", 64),
	"<xml:a/>", "<a xmlns:x='1'><x:b xmlns:x='2'/><x:b/></a>", "<a>&lt</a>", "<a>&;</a>", "<a>&#;</a>",
	"<a><![CDATA[]]]]></a>",
}

func TestXMLIsReadAsTheLibraryReadsIt(t *testing.T) {
	for _, text := range xmlSeeds {
		want, ok := libraryXML(text)
		said, read := ownXML(text)
		assert.Equal(t, ok, read, text)
		if ok {
			assert.Equal(t, want, said, text)
		}
	}
	assert.EqualError(t, walkXML(" \n", nil), "not XML: there is no root element")
	assert.True(t, errors.Is(walkXML("<a", nil), errXML))
}

// What the library reads is read as it does. It refuses more: names beyond ASCII, declarations of other versions that
// are written oddly.
func FuzzXML(f *testing.F) {
	for _, seed := range xmlSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, ok := libraryXML(text)
		said, read := ownXML(text)
		if ok && read {
			assert.Equal(t, want, said)
		}
		if ok && !read && !strings.Contains(text, "<?") && !strings.Contains(text, "<!") {
			t.Errorf("%q is read by the library", text)
		}
	})
}
