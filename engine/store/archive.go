package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// An archive is the line archiveTitle and then, compressed: for every record the length of its key, its key, the length of its
// value and its value; a length of zero; how many records there were; and the SHA-256 of all that. Lengths are varints.
const archiveTitle = "lockctl archive 1\n"

// ErrArchive: what was read is no archive, or it is damaged or cut short.
var ErrArchive = errors.New("it is no archive of this program, or damaged, or cut short")

// Archive writes every record that walk tells of, in any order, and returns how many.
func Archive(w io.Writer, walk func(func(KV) error) error) (records int, err error) {
	if _, err := io.WriteString(w, archiveTitle); err != nil {
		return 0, err
	}
	zip := gzip.NewWriter(w)
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(zip, sum), 64<<10)
	err = walk(func(kv KV) error {
		if kv.Key == "" {
			return errors.New("a record has no key")
		}
		records++
		for _, part := range [...]string{kv.Key, string(kv.Val)} {
			if _, err := out.Write(binary.AppendUvarint(nil, uint64(len(part)))); err != nil {
				return err
			}
			if _, err := out.WriteString(part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return records, err
	}
	if _, err := out.Write(binary.AppendUvarint([]byte{0}, uint64(records))); err != nil {
		return records, err
	}
	if err := out.Flush(); err != nil {
		return records, err
	}
	if _, err := zip.Write(sum.Sum(nil)); err != nil {
		return records, err
	}
	return records, zip.Close()
}

// Unarchive writes the records of an archive to dst, which must be empty, in commits within the limits of dst, and returns how
// many. told, unless it is nil, hears how far it is. After an error dst may hold a part and should be thrown away: whether an
// archive is whole is known at its end.
func Unarchive(ctx context.Context, dst Store, r io.Reader, told func(records int)) (int, error) {
	there, _, err := dst.Scan(ctx, "", "", 1)
	if err != nil {
		return 0, err
	}
	if len(there) > 0 {
		return 0, errors.New("the store is not empty")
	}
	title := make([]byte, len(archiveTitle))
	if _, err := io.ReadFull(r, title); err != nil {
		return 0, unread(err)
	}
	if string(title) != archiveTitle {
		return 0, ErrArchive
	}
	zip, err := gzip.NewReader(r)
	if err != nil {
		return 0, unread(err)
	}
	a := &archived{in: bufio.NewReaderSize(zip, 64<<10), sum: sha256.New()}
	var page []KV
	total := 0
	for {
		kv, err := a.next()
		if err != nil {
			return total, err
		}
		if kv.Key != "" {
			page = append(page, kv)
		}
		if len(page) == copyPage || kv.Key == "" {
			if err := write(ctx, dst, page); err != nil {
				return total, err
			}
			total, page = total+len(page), page[:0]
			if told != nil {
				told(total)
			}
		}
		if kv.Key == "" {
			return total, a.end(total)
		}
	}
}

// archived reads an archive and sums up what it reads.
type archived struct {
	in  *bufio.Reader
	sum hash.Hash
}

// next returns the next record; one without a key is behind the last.
func (a *archived) next() (KV, error) {
	key, err := a.part(MaxKey)
	if err != nil || len(key) == 0 {
		return KV{}, err
	}
	val, err := a.part(MaxValue)
	return KV{Key: string(key), Val: val}, err
}

func (a *archived) number() (uint64, error) {
	n, err := binary.ReadUvarint(a.in)
	if err == nil {
		a.sum.Write(binary.AppendUvarint(nil, n))
	}
	return n, unread(err)
}

// part reads a length and so many bytes.
func (a *archived) part(most uint64) ([]byte, error) {
	n, err := a.number()
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, ErrArchive
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(a.in, b); err != nil {
		return nil, unread(err)
	}
	a.sum.Write(b)
	return b, nil
}

// end checks the count and the sum, and that nothing follows.
func (a *archived) end(records int) error {
	n, err := a.number()
	if err != nil {
		return err
	}
	want := a.sum.Sum(nil)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(a.in, got); err != nil {
		return unread(err)
	}
	if _, err := a.in.ReadByte(); n != uint64(records) || string(got) != string(want) || !errors.Is(err, io.EOF) {
		return ErrArchive
	}
	return nil
}

// unread is the error of an archive that could not be read on; nil of nil.
func unread(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return ErrArchive
	}
	return fmt.Errorf("%w: %w", ErrArchive, err)
}
