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
	"strconv"
	"strings"
	"sync"
	"time"
)

// serve starts the server that scripts know as $SERVER:
//
//	/file       the text "from the server\n"
//	/gzip       the same, compressed
//	/slow       an answer that never comes
//	/drip       a byte every 10 ms, without end
//	/flaky      status 500 the first time, then as /file
//	/redirect   leads to /headers
//	/away       leads to an address with secrets in it that is not there
//	/status/N   that status, with secrets in headers and body
//	/text       secrets
//	/half       a body that is cut off
//	/babble     an answer that is not HTTP
//	/circle     leads to itself
//	/ftp        leads to a scheme that is not followed
//	/headers    the headers of the request, one a line
//	/srv/...    the script's own files below srv, with $SERVER replaced in them
//
// Everything else is status 404.
func serve(dir string) *httptest.Server {
	var server *httptest.Server
	mux := http.NewServeMux()
	text := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "from the server\n") }
	mux.HandleFunc("/file", text)
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(compressed("from the server\n"))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	var once sync.Once
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		answer := text
		once.Do(func() {
			answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
		})
		answer(w, r)
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/headers", http.StatusFound)
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+"/headers", http.StatusFound)
	})
	mux.HandleFunc("/packed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(compressed("{\"ignition\": {\"version\": \"3.0.0\"}, " +
			"\"storage\": {\"files\": [{\"path\": \"/etc/packed-child\"}]}}\n"))
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://me:"+planted+"@"+r.Host+"/nowhere?token="+planted, http.StatusFound)
	})
	misbehave(mux)
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

// misbehave adds the answers that are of no use.
func misbehave(mux *http.ServeMux) {
	mux.HandleFunc("/status/", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/status/"))
		w.Header().Set("Set-Cookie", planted)
		http.Error(w, planted, code)
	})
	mux.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, planted+planted) })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "24")
		fmt.Fprint(w, planted)
	})
	mux.HandleFunc("/babble", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprintf(conn, "{%q: %q}\r\n\r\n", planted, planted)
			_ = conn.Close()
		}
	})
	mux.HandleFunc("/circle", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/circle?token="+planted, http.StatusFound)
	})
	mux.HandleFunc("/ftp", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://me:"+planted+"@host/?token="+planted, http.StatusFound)
	})
}

func compressed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}
