package fetch

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vincent-petithory/dataurl"
)

// The forms of real configs must take the quick way, or the fuzz target below compares dataurl with itself.
func TestUsualDataURLsAreDecodedHere(t *testing.T) {
	for url, quick := range map[string]bool{
		"data:,":               true,
		"data:,hello%0Aworld?": true,
		"data:;base64,":        true,
		"data:;base64,aGk=":    true,
		"data:text/plain,x":    true,
		"data:text/plain;charset=utf-8;base64,aGk=":      true,
		"data:application/octet-stream;base64,aGk=":      true,
		"data:application/vnd.coreos.ignition+json,%7B}": false,
		"data:image/png;base64,aGk=":                     false,
		`data:text/plain;charset="utf-8",x`:              false,
		"data:;base64,aGk":                               false,
		"data:;base64,aG\rk=":                            false,
		"data:,%4":                                       false,
		"data:,%4g":                                      false,
		"data:,a b":                                      false,
		"data:,é":                                        false,
		"data:":                                          false,
	} {
		_, ok := decodePlain(url)
		assert.Equal(t, quick, ok, url)
	}
}

// Invariant: verdict and payload are those of dataurl.
func FuzzDecodeDataAgreesWithDataurl(f *testing.F) {
	for _, seed := range []string{
		"data:,", "data:;base64,", "data:,a%20b", "data:;base64,aGVsbG8=", "data:;base64,aGVs\nbG8=",
		"data:;base64,aGVs\rbG8=",
		"data:;base64,aGVsbG8", "data:text/plain,x", "data:text/,x", "data:textual/x,x",
		"data:text/plain;charset=utf-8,x",
		"data:text/plain;charset=,x", "data:;charset=utf-8,x", "data:text/plain;charset=a;charset=b;base64,eA==",
		"data:base64,x",
		"data:;base64;base64,eA==", "data:/,x", "data:x,y", "data:,%", "data:,%4", "data:,%zz", "data:,%FF", "data:,<",
		"data:,\x00", "data:,\x7f",
		"data:,é", "DATA:,x", "data:,a,b", "data:,#", "data:x-a/b,c", `data:text/plain;a="\"",b`, "data:,~`",
		"data:text/plain",
		"data:;base64,====", "data:;base64,eA==eA==", "data:;base64,e===", "data:;base64,eB==", "data:;base64,\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		got, err := decodeData(url)
		want, wantErr := dataurl.DecodeString(url)
		require.Equal(t, wantErr == nil, err == nil, "verdicts differ: %v, dataurl %v", err, wantErr)
		if err == nil {
			require.Equal(t, string(want.Data), string(got))
		}
	})
}

func TestDataAllocatesAboutThePayload(t *testing.T) {
	payload := strings.Repeat("x", 1<<16)
	for _, url := range []string{
		"data:," + payload,
		"data:," + strings.Repeat("%78", 1<<16),
		"data:;base64," + base64.StdEncoding.EncodeToString([]byte(payload)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10 {
			_, _ = decodeData(url)
		}
		runtime.ReadMemStats(&after)
		assert.LessOrEqual(t, (after.TotalAlloc-before.TotalAlloc)/10, uint64(5<<14), url[:16])
	}
}

func BenchmarkDecodeData(b *testing.B) {
	text := strings.Repeat("key = value\n", 64)
	for name, url := range map[string]string{
		"percent": "data:," + strings.NewReplacer(" ", "%20", "\n", "%0A").Replace(text),
		"base64":  "data:;base64," + base64.StdEncoding.EncodeToString([]byte(text)),
	} {
		for who, decode := range map[string]func(string) error{
			"ours":    func(s string) error { _, err := decodeData(s); return err },
			"dataurl": func(s string) error { _, err := dataurl.DecodeString(s); return err },
		} {
			b.Run(fmt.Sprintf("%s/%s", name, who), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for range b.N {
					if err := decode(url); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
