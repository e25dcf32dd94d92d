package root

import (
	"path"

	"golang.org/x/sys/unix"
)

// cachedDirs bounds the descriptors that a Root holds open between calls. Files of a config cluster in few directories.
const cachedDirs = 128

// A dir is an open directory under the root.
type dir struct {
	path    string
	fd      int    // O_PATH
	users   int    // calls that work in it now
	cached  bool   // the cache has it
	touched bool   // its filesystem is noted for Sync
	used    uint64 // the cache's clock when it was last asked for

	fresh      Facts // of the last file made here with freshMode
	freshMode  uint32
	freshKnown bool
}

// dirCache holds the directories last used, so that a file costs no walk of its path. It is a map searched for the
// oldest entry when full, which happens at most once for cachedDirs/2 openings.
type dirCache struct {
	open  map[string]*dir
	clock uint64
}

// parent opens the directory of a path and gives the last component. The root itself is "." in the root.
func (r *Root) parent(name string) (*dir, string, error) {
	name = clean(name)
	if name == "/" {
		d, err := r.open("/")
		return d, ".", err
	}
	d, err := r.open(path.Dir(name))
	return d, path.Base(name), err
}

// open gives a directory by its clean path, links followed. The caller releases it.
func (r *Root) open(name string) (*dir, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirs.clock++
	if d, ok := r.dirs.open[name]; ok {
		d.users++
		d.used = r.dirs.clock
		return d, nil
	}
	fd, err := r.resolve(r.fd, name, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	d := &dir{path: name, fd: fd, users: 1, cached: true, used: r.dirs.clock}
	r.dirs.add(d)
	return d, nil
}

// release ends one use of a directory. It stays open as long as the cache has it.
func (r *Root) release(d *dir) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.users--
	d.closeIfIdle()
}

// Forget drops every open directory from the cache: a name on the way to one of them may mean something else now, as
// after a tool has removed it.
func (r *Root) Forget() {
	for _, each := range []*Root{r, r.full, r.view()} {
		if each != nil {
			each.mu.Lock()
			each.dirs.flush()
			each.mu.Unlock()
		}
	}
}

// view gives the root without links, if there is one.
func (r *Root) view() *Root {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plain
}

// closeIfIdle closes a directory that neither the cache nor anybody else has any more.
func (d *dir) closeIfIdle() {
	if d.users == 0 && !d.cached {
		_ = unix.Close(d.fd)
	}
}

// add makes room and enters a directory.
func (c *dirCache) add(d *dir) {
	if c.open == nil {
		c.open = map[string]*dir{}
	}
	if len(c.open) >= cachedDirs {
		c.evict()
	}
	c.open[d.path] = d
}

// evict drops the entries that were not used in the last half of the cache's worth of calls, and at least one.
func (c *dirCache) evict() {
	oldest := c.clock
	for _, d := range c.open {
		oldest = min(oldest, d.used)
	}
	limit := oldest
	if c.clock > cachedDirs/2 {
		limit = max(oldest, c.clock-cachedDirs/2)
	}
	for _, d := range c.open {
		if d.used <= limit {
			c.drop(d)
		}
	}
}

// drop takes a directory out of the cache; its users keep it.
func (c *dirCache) drop(d *dir) {
	delete(c.open, d.path)
	d.cached = false
	d.closeIfIdle()
}

// flush drops all.
func (c *dirCache) flush() {
	for _, d := range c.open {
		c.drop(d)
	}
}
