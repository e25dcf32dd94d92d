package machine

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Payload is a folder with an executable run, which a machine runs as root at /vm/run with a real kernel, udev and
// Debian's disk tools around it, but without systemd.
type Payload struct {
	Dir string
	// what the machine has beside the kernel and the payload; the root is a throw-away one unless a disk is named root
	Machine Spec
	Output  io.Writer // gets what run prints, as it comes
	Results string    // a folder that gets what run left in /vm/out
}

// ErrNoStatus is the error of a payload that did not come to its end.
var ErrNoStatus = errors.New("the payload did not end")

// RunPayload runs a payload in a machine of its own and gives its exit status. With an error, too, the Result has the
// console.
func (p Parts) RunPayload(ctx context.Context, payload Payload) (status int, result Result, err error) {
	dir, err := os.MkdirTemp("", "payload-")
	if err != nil {
		return 0, Result{}, err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "payload.tar")
	if err := pack(payload.Dir, image); err != nil {
		return 0, Result{}, fmt.Errorf("payload: %w", err)
	}
	results, err := os.Create(filepath.Join(dir, "results.tar"))
	if err != nil {
		return 0, Result{}, err
	}
	defer results.Close()
	var said bytes.Buffer
	spec := payload.Machine
	spec.Kernel, spec.Initrd = p.Kernel, p.Initrd
	spec.Disks = append(slices.Clone(spec.Disks), Disk{Name: "payload", Path: image})
	if !slices.ContainsFunc(spec.Disks, func(d Disk) bool { return d.Name == "root" }) {
		spec.Disks = append(spec.Disks, Disk{Name: "root", Base: p.Root})
	}
	output := payload.Output
	if output == nil {
		output = io.Discard
	}
	spec.Ports = map[string]io.Writer{"output": output, "results": results, "status": &said}
	for name, port := range payload.Machine.Ports {
		spec.Ports[name] = port
	}
	result, err = Run(ctx, spec)
	if err != nil {
		return 0, result, err
	}
	status, err = strconv.Atoi(strings.TrimSpace(said.String()))
	if err != nil {
		return 0, result, ErrNoStatus
	}
	return status, result, unpack(results, payload.Results)
}

// pack makes the disk that carries a folder. A disk is a whole number of sectors.
func pack(dir, image string) error {
	file, err := os.Create(image)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := tar.NewWriter(file)
	if err := errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close()); err != nil {
		return err
	}
	bytes, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	return file.Truncate((bytes + 511) &^ 511)
}

// unpack writes the folders and files of an archive into a folder.
func unpack(archive io.ReadSeeker, dir string) error {
	if dir == "" {
		return nil
	}
	if _, err := archive.Seek(0, io.SeekStart); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = unpackOne(root, filepath.Clean(header.Name), header, reader)
		}
		if err != nil {
			return fmt.Errorf("results: %w", err)
		}
	}
}

func unpackOne(root *os.Root, name string, header *tar.Header, content io.Reader) error {
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		file, err := root.Create(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	}
	return nil
}
