package script

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// serve starts the server that scripts know as $SERVER:
//
//	/file       the text "from the server\n"
//	/gzip       the same, compressed
//	/slow       an answer that never comes
//	/flaky      status 500 the first time, then as /file
//	/redirect   leads to /headers
//	/away       leads to an address with secrets in it that is not there
//	/headers    the headers of the request, one a line
//	/srv/...    the script's own files below srv, with $SERVER replaced in them
//
// Everything else is status 404.
func serve(dir string) *httptest.Server {
	var server *httptest.Server
	mux := http.NewServeMux()
	text := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "from the server\n") }
	mux.HandleFunc("/file", text)
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(compressed("from the server\n")) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	var once sync.Once
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		answer := text
		once.Do(func() {
			answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
		})
		answer(w, r)
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/headers", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://me:"+planted+"@"+r.Host+"/nowhere?token="+planted, http.StatusFound)
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			fmt.Fprintf(w, "%s: %s\n", name, r.Header.Get(name))
		}
	})
	mux.HandleFunc("/srv/", func(w http.ResponseWriter, r *http.Request) {
		file, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(r.URL.Path, "/srv/")))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, strings.ReplaceAll(string(file), "$SERVER", server.URL))
	})
	server = httptest.NewServer(mux)
	return server
}

func compressed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}
