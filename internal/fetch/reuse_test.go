package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A kept is a file that can be read again, after a beginning that is not of the resource.
type kept struct {
	*os.File
	begin int64
}

func newKept(t *testing.T, begin string) *kept {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = f.WriteString(begin)
	require.NoError(t, err)
	return &kept{f, int64(len(begin))}
}

func (k *kept) Reset() error {
	_, err := k.Seek(k.begin, io.SeekStart)
	return errors.Join(err, k.Truncate(k.begin))
}

func (k *kept) Reread() (*os.File, int64, error) {
	f, err := os.Open(k.Name())
	return f, k.begin, err
}

func (k *kept) text(t *testing.T) string {
	text, err := os.ReadFile(k.Name())
	require.NoError(t, err)
	return string(text[k.begin:])
}

func TestTheSameContentIsFetchedOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		time.Sleep(20 * time.Millisecond)
		if r.URL.Path == "/gzip" {
			_, _ = w.Write(zipped("content"))
			return
		}
		_, _ = io.WriteString(w, "content")
	})
	with := func(r Resource) Resource { r.Digest = sha512Of("content"); return r }
	for name, test := range map[string]struct {
		first, second Resource
		asked         int32
	}{
		"with a digest": {with(Resource{URL: server.URL}), with(Resource{URL: server.URL}), 1},
		"unpacked": {with(Resource{URL: server.URL + "/gzip", Gzip: true}),
			with(Resource{URL: server.URL + "/gzip", Gzip: true}), 1},
		"but not without a digest": {Resource{URL: server.URL}, Resource{URL: server.URL}, 2},
		"nor from elsewhere":       {with(Resource{URL: server.URL}), with(Resource{URL: server.URL + "/2"}), 2},
		"nor with other headers": {with(Resource{URL: server.URL}),
			with(Resource{URL: server.URL, Headers: []Header{{"A", "b"}}}), 2},
		"nor by a digest that is written anew": {with(Resource{URL: server.URL}),
			Resource{URL: server.URL, Digest: sha256Of("content")}, 2},
	} {
		for _, together := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, together %v", name, together), func(t *testing.T) {
				asked.Store(0)
				c, _ := quiet()
				a, b := newKept(t, "before a"), newKept(t, "")
				var both sync.WaitGroup
				for _, one := range []struct {
					r  Resource
					to *kept
				}{{test.first, a}, {test.second, b}} {
					both.Go(func() {
						n, err := c.Fetch(context.Background(), one.r, one.to)
						assert.NoError(t, err)
						assert.EqualValues(t, 7, n)
					})
					if !together {
						both.Wait()
					}
				}
				both.Wait()
				assert.Equal(t, "content", a.text(t))
				assert.Equal(t, "content", b.text(t))
				assert.Equal(t, test.asked, asked.Load())
			})
		}
	}
}

func TestContentThatSomebodyHasWrittenToIsFetchedAgain(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "content")
	})
	r := Resource{URL: server.URL, Digest: sha512Of("content")}
	c, _ := quiet()
	a, b := newKept(t, ""), newKept(t, "begin")
	_, err := c.Fetch(t.Context(), r, a)
	require.NoError(t, err)
	_, err = a.WriteAt([]byte("C"), 0)
	require.NoError(t, err)
	_, err = c.Fetch(t.Context(), r, b)
	require.NoError(t, err)
	assert.Equal(t, "content", b.text(t))
	assert.EqualValues(t, 2, asked.Load())
}

func TestWhoWaitsForAFetchThatFailsFetches(t *testing.T) {
	var asked atomic.Int32
	var waiting sync.WaitGroup
	waiting.Add(1)
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			waiting.Wait()
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "content")
	})
	r := Resource{URL: server.URL, Digest: sha512Of("content")}
	c, _ := quiet()
	a, b := newKept(t, ""), newKept(t, "")
	var both sync.WaitGroup
	both.Go(func() {
		_, err := c.Fetch(context.Background(), r, a)
		assert.ErrorContains(t, err, "403 Forbidden")
	})
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	both.Go(func() {
		_, err := c.Fetch(context.Background(), r, b)
		assert.NoError(t, err)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Fetch(ctx, r, newKept(t, ""))
	require.ErrorIs(t, err, context.Canceled, "nobody has to wait")
	waiting.Done()
	both.Wait()
	assert.Equal(t, "content", b.text(t))
}

func TestOnlySoManyFilesAreKeptOpen(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "content") })
	c, _ := quiet()
	for i := range keptMax + 9 {
		_, err := c.Fetch(t.Context(), Resource{URL: fmt.Sprint(server.URL, "/", i), Digest: sha512Of("content")},
			newKept(t, ""))
		require.NoError(t, err)
	}
	assert.Len(t, c.downloads.kept, keptMax)
	assert.Len(t, c.downloads.all, keptMax)
}
