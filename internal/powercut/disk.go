//go:build linux && (amd64 || arm64)

package powercut

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	pageSize   = 4096
	sectorSize = 512 // what a disk writes whole or not at all
)

// Disk knows of each file in one directory what is certain to survive a power cut. It assumes what journaling file systems
// keep: names change in order, so that a later change never survives an earlier one, and syncing a file makes everything up
// to its own creation durable too, unless Strict. Everything else that was not synced may be lost or not, page by page and
// within a page sector by sector.
type Disk struct {
	Strict bool // names are durable only when the directory was synced

	dir   string
	files map[uint64]*file  // by inode; held open, so that a removed one can come back and no number is used twice
	names map[string]uint64 // as last seen
	safe  map[string]uint64 // as a power cut leaves them at least
	late  [][]change        // what lies between the two, in order; the changes of one operation belong together
}

// change gives a name to a file, or takes it away.
type change struct {
	name  string
	inode uint64 // 0: the name is gone
}

// file is what is durable of a file: its size, and its pages that are not all zero.
type file struct {
	*os.File
	size  int64
	pages map[int64][]byte
}

// NewDisk takes everything in dir for durable.
func NewDisk(dir string) (*Disk, error) {
	d := &Disk{dir: dir, files: map[uint64]*file{}, names: map[string]uint64{}}
	if err := d.look(); err != nil {
		return nil, err
	}
	for _, f := range d.files {
		if err := f.sync(); err != nil {
			return nil, err
		}
	}
	d.syncNames(len(d.late))
	return d, nil
}

// Close lets go of the files.
func (d *Disk) Close() error {
	var err error
	for _, f := range d.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Used is how many bytes the files occupy, those without a name too as long as the program may have them open.
func (d *Disk) Used() (uint64, error) {
	var sum uint64
	for _, f := range d.files {
		var st unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &st); err != nil {
			return 0, err
		}
		sum += uint64(st.Blocks) * 512
	}
	return sum, nil
}

// look notes which names have changed since the last look.
func (d *Disk) look() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	seen := map[string]uint64{}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue // it has just gone
		}
		if err != nil {
			return err
		}
		inode, err := d.adopt(filepath.Join(d.dir, e.Name()), info)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		seen[e.Name()] = inode
	}
	var step []change
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if _, ok := seen[name]; !ok {
			step = append(step, change{name: name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if seen[name] != d.names[name] {
			step = append(step, change{name, seen[name]})
		}
	}
	if len(step) > 0 {
		d.late = append(d.late, step)
	}
	d.names = seen
	return nil
}

// adopt begins to follow a file, of which nothing is durable yet.
func (d *Disk) adopt(path string, info os.FileInfo) (uint64, error) {
	inode := info.Sys().(*syscall.Stat_t).Ino
	if d.files[inode] != nil {
		return inode, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	d.files[inode] = &file{File: f, pages: map[int64][]byte{}}
	return inode, nil
}

// syncNames makes the first n late changes of names durable.
func (d *Disk) syncNames(n int) {
	d.safe = apply(d.safe, d.late[:n])
	d.late = slices.Clone(d.late[n:])
}

func apply(names map[string]uint64, steps [][]change) map[string]uint64 {
	names = maps.Clone(names)
	if names == nil {
		names = map[string]uint64{}
	}
	for _, step := range steps {
		for _, c := range step {
			if c.inode == 0 {
				delete(names, c.name)
			} else {
				names[c.name] = c.inode
			}
		}
	}
	return names
}

// syncFile makes a file as it is now durable.
func (d *Disk) syncFile(inode uint64) error {
	if err := d.files[inode].sync(); err != nil {
		return err
	}
	d.syncBirth(inode)
	return nil
}

// syncBirth makes a file's first name durable, and all changes of names before it.
func (d *Disk) syncBirth(inode uint64) {
	if d.Strict {
		return
	}
	born := slices.IndexFunc(d.late, func(step []change) bool {
		return slices.ContainsFunc(step, func(c change) bool { return c.inode == inode })
	})
	d.syncNames(born + 1)
}

// syncDir makes all names as they are now durable.
func (d *Disk) syncDir() error {
	if err := d.look(); err != nil {
		return err
	}
	d.syncNames(len(d.late))
	return nil
}

// sync makes what a file holds now durable.
func (f *file) sync() error {
	size, pages, err := f.present(f.pages)
	if err == nil {
		f.size, f.pages = size, pages
	}
	return err
}

// wrote makes a write durable that is one and a sync at once.
func (f *file) wrote(at int64, data []byte) {
	for len(data) > 0 {
		n, from := at/pageSize, at%pageSize
		page := make([]byte, pageSize)
		copy(page, f.pages[n])
		k := copy(page[from:], data)
		f.pages[n] = page
		at, data = at+int64(k), data[k:]
	}
	f.size = max(f.size, at)
}

// present reads what a file holds now. Pages that are as in known are taken from there.
func (f *file) present(known map[int64][]byte) (size int64, pages map[int64][]byte, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	size, pages = info.Size(), map[int64][]byte{}
	buf := make([]byte, 64*pageSize)
	for at := int64(0); ; {
		at, err = unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // nothing but a hole
			return size, pages, nil
		}
		if err != nil {
			return 0, nil, fmt.Errorf("seek data in %s: %w", f.Name(), err)
		}
		end, err := unix.Seek(int(f.Fd()), at, unix.SEEK_HOLE)
		if errors.Is(err, unix.ENXIO) { // it was cut shorter meanwhile
			return size, pages, nil
		}
		if err != nil {
			return 0, nil, fmt.Errorf("seek hole in %s: %w", f.Name(), err)
		}
		for at -= at % pageSize; at < end; {
			n, err := f.ReadAt(buf, at)
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, nil, err
			}
			for from := 0; from < n; from += pageSize {
				number := (at + int64(from)) / pageSize
				page := buf[from:min(from+pageSize, n)]
				if old := known[number]; len(page) == pageSize && bytes.Equal(old, page) {
					pages[number] = old
				} else {
					pages[number] = append(make([]byte, 0, pageSize), page...)[:pageSize]
				}
			}
			if at += int64(len(buf)); n < len(buf) {
				break
			}
		}
		at = max(at, end)
	}
}

// Cut writes into the empty directory to what the disk may hold if the power goes now: everything durable, and of the rest
// what luck decides. It tells whether anything was lost. The program must have ended.
func (d *Disk) Cut(luck *rand.Rand, to string) (lost bool, err error) {
	if err := d.look(); err != nil {
		return false, err
	}
	odds := [...]float64{0, 1, 0.5, luck.Float64()}[luck.IntN(4)] // of a page to survive
	survive := func() bool { return luck.Float64() < odds }
	kept := 0
	for kept < len(d.late) && survive() {
		kept++
	}
	lost = kept < len(d.late)
	names := apply(d.safe, d.late[:kept])
	for _, name := range slices.Sorted(maps.Keys(names)) {
		cut, err := d.files[names[name]].cut(luck, survive, filepath.Join(to, name))
		if err != nil {
			return false, err
		}
		lost = lost || cut
	}
	return lost, nil
}

// cut writes what may be left of a file.
func (f *file) cut(luck *rand.Rand, survive func() bool, path string) (lost bool, err error) {
	size, pages, err := f.present(f.pages)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	left := size
	if size != f.size && !survive() {
		left, lost = f.size, true
		if size > f.size && survive() { // a part of what was appended
			left += luck.Int64N(size - f.size)
		}
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := out.Truncate(left); err != nil {
		return false, err
	}
	numbers := maps.Clone(pages)
	maps.Copy(numbers, f.pages)
	zeros := make([]byte, pageSize)
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		older, newer := f.pages[n], pages[n]
		if older == nil {
			older = zeros
		}
		if newer == nil {
			newer = zeros
		}
		page := newer
		if !bytes.Equal(older, newer) {
			switch {
			case survive():
			case survive(): // torn
				page = slices.Clone(older)
				for at := 0; at < pageSize; at += sectorSize {
					if luck.IntN(2) == 0 {
						copy(page[at:at+sectorSize], newer[at:])
					}
				}
				lost = true
			default:
				page, lost = older, true
			}
		}
		if room := left - n*pageSize; room > 0 && !bytes.Equal(page, zeros) {
			if _, err := out.WriteAt(page[:min(room, pageSize)], n*pageSize); err != nil {
				return false, err
			}
		}
	}
	return lost, nil
}
