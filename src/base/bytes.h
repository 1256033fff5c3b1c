// Bytes as they travel: views, owned strings, and chains of pooled chunks.
//
// ByteView is a view on octets (not on text: it may hold NUL and 8-bit bytes); Bytes owns them. A ChunkList is the
// currency between a socket and the store: a chain of slices of reference-counted buffers, so that a letter is read
// once and never moved. Chunks may cross threads (the count is atomic); a ChunkList itself belongs to one owner.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chappe {

using Bytes = std::string;
using ByteView = std::string_view;

// A fixed block of memory shared by the chunks that point into it. Freed with its last reference.
class Buffer {
 public:
  static constexpr std::size_t kSize = 16 * 1024;  // one TLS record (RFC 8446 §5.1)

  static Buffer* make(std::size_t capacity = kSize);
  char* data() { return reinterpret_cast<char*>(this + 1); }
  std::size_t capacity() const { return capacity_; }
  void ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  bool unique() const { return refs_.load(std::memory_order_acquire) == 1; }

 private:
  explicit Buffer(std::size_t capacity) : capacity_(capacity) {}
  void destroy();

  std::atomic<std::uint32_t> refs_{1};
  std::size_t capacity_;
};

// A slice of a Buffer that keeps it alive. Copying shares; the bytes are immutable once a chunk is shared.
class Chunk {
 public:
  Chunk() = default;
  // Adopts one reference to `buffer`.
  Chunk(Buffer* buffer, std::size_t offset, std::size_t size)
      : buffer_(buffer), data_(buffer->data() + offset), size_(size) {}
  static Chunk copy_of(ByteView bytes);

  Chunk(const Chunk& o) : buffer_(o.buffer_), data_(o.data_), size_(o.size_) {
    if (buffer_) buffer_->ref();
  }
  Chunk(Chunk&& o) noexcept
      : buffer_(std::exchange(o.buffer_, nullptr)), data_(o.data_), size_(std::exchange(o.size_, 0)) {}
  Chunk& operator=(Chunk o) noexcept {
    std::swap(buffer_, o.buffer_);
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Chunk() {
    if (buffer_) buffer_->unref();
  }

  ByteView view() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Chunk slice(std::size_t offset, std::size_t size) const {
    Chunk c(*this);
    c.data_ += offset;
    c.size_ = size;
    return c;
  }

 private:
  friend class ChunkList;
  Buffer* buffer_ = nullptr;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

class ChunkList {
 public:
  ChunkList() = default;
  explicit ChunkList(ByteView copied) { append_copy(copied); }

  void append(Chunk chunk) {
    if (chunk.empty()) return;
    size_ += chunk.size();
    chunks_.push_back(std::move(chunk));
  }
  void append(ChunkList list) {
    for (auto& c : list.chunks_) append(std::move(c));
  }
  // The same, but copies a small chunk: what comes in crumbs must not hold a whole buffer for each of them.
  void append_compact(Chunk chunk) {
    if (chunk.size() >= Buffer::kSize / 4)
      append(std::move(chunk));
    else
      append_copy(chunk.view());
  }
  // Copies `bytes` behind what is there, filling the room left in a buffer that only this list uses.
  void append_copy(ByteView bytes);
  // Puts `list` before what is there (a trace header before a body).
  void prepend(ChunkList list);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() {
    chunks_.clear();
    size_ = 0;
  }
  const std::vector<Chunk>& chunks() const { return chunks_; }
  // The part [offset, offset+size), clipped to what is there; shares the buffers.
  ChunkList slice(std::size_t offset, std::size_t size) const;
  Bytes flatten() const;

 private:
  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
  const Buffer* room_ = nullptr;  // the buffer that append_copy made last; used only while the last chunk is of it
  std::size_t room_used_ = 0;
};

}  // namespace chappe
