package load_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A shelf is a fetcher that has texts by URL and writes down what it is asked.
type shelf struct {
	texts map[string]string
	log   []string
	fails error // what Configure answers
}

func (s *shelf) Configure(_ context.Context, ignition config.Ignition) error {
	line := "configure"
	if ignition.Timeouts.HTTPTotal != nil {
		line += fmt.Sprintf(" total=%d", *ignition.Timeouts.HTTPTotal)
	}
	if ignition.Proxy.HTTPProxy != nil {
		line += " proxy=" + *ignition.Proxy.HTTPProxy
	}
	for _, authority := range ignition.Security.TLS.CertificateAuthorities {
		line += " trust=" + *authority.Source
	}
	s.log = append(s.log, line)
	return s.fails
}

func (s *shelf) Bytes(_ context.Context, r config.Resource) ([]byte, error) {
	s.log = append(s.log, "fetch "+*r.Source)
	text, found := s.texts[*r.Source]
	if !found {
		return nil, errors.New("not found")
	}
	return []byte(text), nil
}

// A rendering is what came of a config and all that it refers to.
type rendering struct {
	shelf    *shelf
	doc      *document.Document
	err      error
	reported []diag.Problem
	referred []string
}

// render loads texts["main"] and follows its references.
func render(t *testing.T, audience diag.Audience, texts map[string]string) *rendering {
	t.Helper()
	r := &rendering{shelf: &shelf{texts: texts}}
	l := &load.Loader{
		Arena: tree.NewArena(), Audience: audience, Fetcher: r.shelf,
		Report:    func(problems []diag.Problem) { r.reported = append(r.reported, problems...) },
		Reference: func(url, name string, _ diag.Place) { r.referred = append(r.referred, url+" as "+name) },
	}
	doc, err := l.Document("main", []byte(texts["main"]))
	require.NoError(t, err)
	r.doc, r.err = l.Render(t.Context(), doc)
	return r
}

// files gives the files of the result as "path=source".
func (r *rendering) files(t *testing.T) string {
	t.Helper()
	require.NoError(t, r.err)
	var all []string
	for _, f := range r.doc.Config().Storage.Files {
		source := ""
		if f.Contents.Source != nil {
			source = *f.Contents.Source
		}
		all = append(all, f.Path+"="+source)
	}
	return strings.Join(all, " ")
}

// conf writes a config of 3.4.0: what is in ignition beside the version, and files as "path=source".
func conf(ignition string, files ...string) string {
	if ignition != "" {
		ignition = ", " + ignition
	}
	all := make([]string, len(files))
	for i, f := range files {
		path, source, _ := strings.Cut(f, "=")
		all[i] = fmt.Sprintf(`{"path": %q, "contents": {"source": %q}}`, path, source)
	}
	return fmt.Sprintf(`{"ignition": {"version": "3.4.0"%s}, "storage": {"files": [%s]}}`, ignition,
		strings.Join(all, ", "))
}

func merging(sources ...string) string {
	all := make([]string, len(sources))
	for i, s := range sources {
		all[i] = fmt.Sprintf(`{"source": %q}`, s)
	}
	return `"config": {"merge": [` + strings.Join(all, ", ") + `]}`
}

func replacing(source string) string {
	return fmt.Sprintf(`"config": {"replace": {"source": %q}}`, source)
}

func TestLaterDocumentsWinOverEarlierOnes(t *testing.T) {
	r := render(t, diag.Boot, map[string]string{
		"main": conf(merging("http://a/1", "http://a/2"), "/x=data:,main", "/main=data:,", "/one=data:,main",
			"/deep=data:,main"),
		"http://a/1": conf(merging("http://a/deep"), "/x=data:,one", "/one=data:,one", "/deep=data:,one"),
		"http://a/2": conf("", "/x=data:,two"),
		// A child's own children come before its siblings.
		"http://a/deep": conf("", "/deep=data:,deep", "/x=data:,deep", "/new=data:,deep"),
	})
	assert.Equal(t, "/x=data:,two /main=data:, /one=data:,one /deep=data:,deep /new=data:,deep", r.files(t))
	assert.Equal(t, []string{"fetch http://a/1", "configure", "fetch http://a/deep", "configure", "fetch http://a/2",
		"configure"}, r.shelf.log)
	assert.Equal(t, []string{"http://a/1 as http://a/1", "http://a/deep as http://a/deep", "http://a/2 as http://a/2"},
		r.referred)
	assert.Empty(t, r.reported)
	assert.Equal(t, config.Newest, r.doc.Version)
}

func TestTheFetcherIsToldMergedSettingsBeforeItFetchesOn(t *testing.T) {
	trust := func(source string) string {
		return fmt.Sprintf(`"security": {"tls": {"certificateAuthorities": [{"source": %q}]}}, `, source)
	}
	r := render(t, diag.Boot, map[string]string{
		"main":       conf(trust("data:,m") + `"timeouts": {"httpTotal": 1}, ` + merging("http://a/1", "http://a/2")),
		"http://a/1": conf(trust("data:,c") + `"timeouts": {"httpTotal": 5}, ` + merging("http://a/3")),
		"http://a/2": conf(`"proxy": {"httpProxy": "http://p"}`),
		"http://a/3": conf(`"timeouts": {"httpTotal": 7}`),
	})
	require.NoError(t, r.err)
	assert.Equal(t, []string{
		"fetch http://a/1", "configure total=5 trust=data:,m trust=data:,c",
		"fetch http://a/3", "configure total=7 trust=data:,c",
		"fetch http://a/2", "configure total=7 proxy=http://p trust=data:,m trust=data:,c",
	}, r.shelf.log)
}

func TestAReplacementDiscardsWhatNamedIt(t *testing.T) {
	r := render(t, diag.Boot, map[string]string{
		"main": conf(`"timeouts": {"httpTotal": 1}, `+
			`"config": {"merge": [{"source": "http://a/never"}], "replace": {"source": "http://a/1"}}`, "/main=data:,"),
		"http://a/1": conf(`"timeouts": {"httpTotal": 2}, `+merging("http://a/2"), "/one=data:,"),
		"http://a/2": conf(replacing("http://a/3"), "/two=data:,"),
		"http://a/3": conf("", "/three=data:,"),
	})
	assert.Equal(t, "/one=data:, /three=data:,", r.files(t))
	assert.Equal(t, []string{
		"fetch http://a/1", "configure total=2", "fetch http://a/2", "configure total=2", "fetch http://a/3",
		"configure",
	}, r.shelf.log)
}

func TestReferencesThatCannotBeFollowed(t *testing.T) {
	const loop = "http://me:secret@a/1?token=secret"
	for name, c := range map[string]struct {
		texts map[string]string
		want  string
	}{
		"an empty config to merge": {map[string]string{"main": conf(merging("http://a/1")), "http://a/1": ""},
			"main:1:67: merge 0: the document is empty"},
		"an empty replacement": {map[string]string{"main": conf(replacing("http://a/1")), "http://a/1": ""},
			"main:1:68: replace: the document is empty"},
		"a document not to be had": {map[string]string{"main": conf(merging("http://a/1"))},
			"main:1:67: merge 0: not found"},
		"a config that merges itself": {map[string]string{"main": conf(merging(loop)), loop: conf(merging(loop))},
			"http://…@a/1?token=…:1:67: the config refers to itself: http://…@a/1?token=… was fetched on the way here"},
		"a circle of two": {map[string]string{"main": conf(merging("http://a/1")),
			"http://a/1": conf(replacing("http://a/2")), "http://a/2": conf(merging("http://a/1"))},
			"http://a/2:1:67: the config refers to itself: http://a/1 was fetched"},
		"a child that is invalid": {map[string]string{"main": conf(merging("http://a/1")), "http://a/1": conf("",
			"x=data:,")}, `config is invalid: http://a/1:1:67: $.storage.files.0.path: the path "x" is not absolute`},
		"a child whose version is not known": {map[string]string{"main": conf(merging("http://a/1")),
			"http://a/1": `{"ignition": {"version": "2.0.0"}}`},
			`config is invalid: http://a/1:1:26: $.ignition.version: version "2.0.0" of the config language ` +
				`is not known`},
	} {
		t.Run(name, func(t *testing.T) {
			r := render(t, diag.Boot, c.texts)
			require.ErrorContains(t, r.err, c.want)
			assert.NotContains(t, r.err.Error(), "secret")
			assert.Nil(t, r.doc)
			assert.LessOrEqual(t, len(r.shelf.log), 6)
		})
	}
}

func TestTheSameDocumentMayBeMergedTwice(t *testing.T) {
	r := render(t, diag.Boot, map[string]string{
		"main":       conf(merging("http://a/1", "http://a/2")),
		"http://a/1": conf(merging("http://a/3"), "/one=data:,"),
		"http://a/2": conf(merging("http://a/3"), "/two=data:,"),
		"http://a/3": conf("", "/three=data:,"),
	})
	assert.Equal(t, "/one=data:, /three=data:, /two=data:,", r.files(t))
}

func TestReferencesAreFollowedToALimit(t *testing.T) {
	ladder := func(length int) map[string]string {
		texts := map[string]string{"main": conf(merging("http://a/1"))}
		for i := 1; i < length; i++ {
			texts[fmt.Sprintf("http://a/%d", i)] = conf(merging(fmt.Sprintf("http://a/%d", i+1)))
		}
		texts[fmt.Sprintf("http://a/%d", length)] = conf("", "/end=data:,")
		return texts
	}
	assert.Equal(t, "/end=data:,", render(t, diag.Boot, ladder(32)).files(t))
	r := render(t, diag.Boot, ladder(33))
	require.ErrorContains(t, r.err, "http://a/32:1:67: configs refer to each other more than 32 levels deep")
}

func TestWhatTheFetcherCannotUseStopsTheRendering(t *testing.T) {
	s := &shelf{texts: map[string]string{"http://a/1": conf("")}, fails: errors.New("no such proxy")}
	l := &load.Loader{Arena: tree.NewArena(), Fetcher: s}
	for _, main := range []string{conf(merging("http://a/1")), conf(replacing("http://a/1"))} {
		doc, err := l.Document("main", []byte(main))
		require.NoError(t, err)
		_, err = l.Render(t.Context(), doc)
		require.ErrorIs(t, err, s.fails)
	}
}

func TestAnInlineDocumentIsCalledByWhatNamesIt(t *testing.T) {
	inline := "data:," + url.PathEscape(`{"ignition": {"version": "3.4.0"}, "mood": "secret"}`)
	r := render(t, diag.Boot, map[string]string{"main": conf(merging(inline)),
		inline: `{"ignition": {"version": "3.4.0"}, "mood": "secret"}`})
	require.NoError(t, r.err)
	require.Len(t, r.reported, 1)
	assert.Equal(t, "main (merge 0):1:36", r.reported[0].Place.String())
	assert.Equal(t, []string{inline + " as main (merge 0)"}, r.referred)
}

func TestWarningsOfADocumentAreToldOnce(t *testing.T) {
	warns := `{"ignition": {"version": "3.4.0"}, ` +
		`"systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[A]\nb=c"}]}}`
	r := render(t, diag.Boot, map[string]string{"main": conf(merging("http://a/1", "http://a/2")), "http://a/1": warns,
		"http://a/2": conf("")})
	require.NoError(t, r.err)
	require.Len(t, r.reported, 1, "not again of the merged config")
	assert.Equal(t, "unit-not-installable", string(r.reported[0].Code))
	assert.Equal(t, "http://a/1", r.reported[0].Place.Doc.Name)
}

func TestWhatIsWrongOnlyAfterMergingIsToldAtItsPlace(t *testing.T) {
	owner := func(owner string) string {
		return fmt.Sprintf(`{"ignition": {"version": "3.4.0"%s}, "storage": {"files": [{"path": "/a", "user": {%s}}]}}`,
			map[bool]string{true: ", " + merging("http://a/1")}[strings.Contains(owner, "id")], owner)
	}
	r := render(t, diag.Boot, map[string]string{"main": owner(`"id": 1`), "http://a/1": owner(`"name": "secret"`)})
	var invalid *load.InvalidError
	require.ErrorAs(t, r.err, &invalid)
	assert.Equal(t, "the merged config", invalid.Name)
	require.Len(t, r.reported, 1)
	assert.Equal(t, "owner-twice", string(r.reported[0].Code))
	assert.NotNil(t, r.reported[0].Place.Doc)
	assert.Contains(t, []string{"main", "http://a/1"}, r.reported[0].Place.Doc.Name)
	assert.NotContains(t, r.err.Error(), "secret")
}

func TestOurOwnRulesDoNotStopABoot(t *testing.T) {
	texts := map[string]string{"main": conf(merging("http://a/1")),
		"http://a/1": `{"ignition": {"version": "3.4.0"}, "passwd": {"users": [{"name": ""}]}}`}
	r := render(t, diag.Boot, texts)
	require.NoError(t, r.err)
	require.Len(t, r.reported, 1)
	assert.Equal(t, diag.Warning, r.reported[0].Severity)
	r = render(t, diag.Peer, texts)
	require.NoError(t, r.err)
	assert.Empty(t, r.reported)
	assert.Error(t, render(t, diag.Workstation, texts).err)
}

func TestAnInvalidErrorNamesTheFirstErrorAndCountsTheRest(t *testing.T) {
	problem := func(severity diag.Severity, message string) diag.Problem {
		return diag.Problem{Severity: severity, Code: "x", Path: "$.a", Message: message,
			Place: diag.Place{Doc: &diag.Document{Name: "main", Text: "secret"}}}
	}
	err := &load.InvalidError{Name: "main", Problems: []diag.Problem{problem(diag.Warning, "w"),
		problem(diag.Error, "first"), problem(diag.Error, "second"), problem(diag.Error, "third")}}
	assert.Equal(t, "config is invalid: main:1:1: $.a: first (and 2 more)", err.Error())
	err.Problems = err.Problems[:2]
	assert.Equal(t, "config is invalid: main:1:1: $.a: first", err.Error())
}

func TestAnEmptyDocumentAtTheTopIsNoConfig(t *testing.T) {
	l := &load.Loader{Arena: tree.NewArena()}
	doc, err := l.Document("main", nil)
	require.ErrorIs(t, err, load.ErrEmpty)
	assert.Nil(t, doc)
}

func TestAConfigToMergeWithoutASourceIsAnError(t *testing.T) {
	r := render(t, diag.Boot,
		map[string]string{"main": `{"ignition": {"version": "3.0.0", "config": {"merge": [{}]}}}`})
	require.ErrorContains(t, r.err, "main:1:56: a config to merge has no source")
}
