package applies

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Serve starts a server that gives whatever is wanted of it, by the path: config, authority or plain, and /gzip behind
// it. The caller closes it.
func Serve() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(served(r.URL.Path))
	}))
}

func served(path string) []byte {
	kind, isPacked := strings.CutSuffix(strings.TrimPrefix(path, "/"), "/gzip")
	content := []byte(map[string]string{"config": child, "authority": authority}[kind])
	if len(content) == 0 {
		content = []byte("hello")
	}
	if !isPacked {
		return content
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(content)
	_ = w.Close()
	return packed.Bytes()
}

// Served gives a config whose sources in the web are those of the server, with the digests of what it gives: nobody
// else knows what has the digest that a config asks for. Proxies are the server as well. The keys of volumes take no
// time to derive.
func Served(text, server string) string {
	object := read(text)
	moved := false
	for _, p := range places(object) {
		resource, is := p.value.(map[string]any)
		if is && p.path == "storage.luks.*" && !strings.Contains(write(resource), "pbkdf") {
			options, _ := resource["options"].([]any)
			for _, each := range cheap() {
				options = append(options, each)
			}
			resource["options"] = options
			moved = true
		}
		if url, isURL := p.value.(string); isURL && strings.HasPrefix(p.path, "ignition.proxy.http") && url != "" {
			p.set(server)
			moved = true
		}
		url, isURL := resource["source"].(string)
		if !is || !isURL || url == "" || strings.HasPrefix(url, "data:") {
			continue
		}
		serve(resource, server, p.path)
		moved = true
	}
	if !moved {
		return text
	}
	return write(object)
}

// serve moves one source.
func serve(resource map[string]any, server, path string) {
	kind := "plain"
	switch {
	case strings.HasPrefix(path, "ignition.config."):
		kind = "config"
	case strings.HasPrefix(path, "ignition.security."):
		kind = "authority"
	}
	verification, _ := resource["verification"].(map[string]any)
	if hash, is := verification["hash"].(string); is && hash != "" {
		verification["hash"] = fmt.Sprintf("sha512-%x", sha512.Sum512(served(kind)))
		if strings.HasPrefix(hash, "sha256-") {
			verification["hash"] = fmt.Sprintf("sha256-%x", sha256.Sum256(served(kind)))
		}
	}
	if resource["compression"] == "gzip" {
		kind += "/gzip"
	}
	resource["source"] = server + "/" + kind
}
