package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeArchives packs each folder of the stage: as people unpack it on that system.
func (r *release) writeArchives() error {
	for _, system := range r.systems {
		name := "glowplug-" + r.version + "-" + system
		pack, form := r.tar, ".tar.gz"
		if strings.HasPrefix(system, "windows-") {
			pack, form = r.zip, ".zip"
		}
		folder := filepath.Join(r.stage, system)
		if err := r.create(name+form, func(w io.Writer) error { return pack(w, folder, name) }); err != nil {
			return err
		}
	}
	return nil
}

// tar packs a folder under another name. Modes are those of a checkout with umask 022, whatever that of this process.
func (r *release) tar(to io.Writer, folder, name string) error {
	packed, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(packed)
	err = eachFile(folder, func(path string, info fs.FileInfo) error {
		link := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if link, err = os.Readlink(filepath.Join(folder, path)); err != nil {
				return err
			}
		}
		header, err := tar.FileInfoHeader(info, link)
		if err != nil {
			return err
		}
		*header = tar.Header{Typeflag: header.Typeflag, Name: filepath.ToSlash(filepath.Join(name, path)),
			Linkname: link, Size: header.Size, Mode: mode(info), ModTime: r.time, Format: tar.FormatPAX}
		if info.IsDir() {
			header.Name += "/"
		}
		if err := archive.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
			return err
		}
		return copyFile(archive, filepath.Join(folder, path))
	})
	return errors.Join(err, archive.Close(), packed.Close())
}

func (r *release) zip(to io.Writer, folder, name string) error {
	archive := zip.NewWriter(to)
	err := eachFile(folder, func(path string, info fs.FileInfo) error {
		if !info.Mode().IsRegular() {
			return nil
		}
		header := zip.FileHeader{Name: filepath.ToSlash(filepath.Join(name, path)), Method: zip.Deflate,
			Modified: r.time}
		header.SetMode(fs.FileMode(mode(info)))
		file, err := archive.CreateHeader(&header)
		if err != nil {
			return err
		}
		return copyFile(file, filepath.Join(folder, path))
	})
	return errors.Join(err, archive.Close())
}

func mode(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() && info.Mode()&0o100 == 0 {
		return 0o644
	}
	return 0o755
}

// eachFile visits a folder and all below it in the order of names.
func eachFile(folder string, visit func(path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		below, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return visit(below, info)
	})
}

func copyFile(to io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}
