#include "base/bytes.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace chappe {

Buffer* Buffer::make(std::size_t capacity) {
  void* memory = ::operator new(sizeof(Buffer) + capacity);
  return new (memory) Buffer(capacity);
}

void Buffer::destroy() {
  this->~Buffer();
  ::operator delete(this);
}

Chunk Chunk::copy_of(ByteView bytes) {
  Buffer* buffer = Buffer::make(bytes.size());
  if (!bytes.empty()) std::memcpy(buffer->data(), bytes.data(), bytes.size());
  return Chunk(buffer, 0, bytes.size());
}

void ChunkList::append_copy(ByteView bytes) {
  while (!bytes.empty()) {
    // The room may be used only while no copy of the chunk is held elsewhere: the reader of a shared buffer may be
    // another thread, and a slice of it must never see its end move.
    const bool reuse =
        !chunks_.empty() && chunks_.back().buffer_ == room_ && room_->unique() && room_used_ < room_->capacity();
    if (!reuse) {
      Buffer* fresh = Buffer::make();
      room_ = fresh;
      room_used_ = 0;
      chunks_.emplace_back(fresh, 0, 0);
    }
    Chunk& last = chunks_.back();
    const std::size_t n = std::min(bytes.size(), room_->capacity() - room_used_);
    std::memcpy(last.buffer_->data() + room_used_, bytes.data(), n);
    last.size_ += n;
    room_used_ += n;
    size_ += n;
    bytes.remove_prefix(n);
  }
}

void ChunkList::prepend(ChunkList list) {
  size_ += list.size_;
  chunks_.insert(chunks_.begin(), std::make_move_iterator(list.chunks_.begin()),
                 std::make_move_iterator(list.chunks_.end()));
}

ChunkList ChunkList::slice(std::size_t offset, std::size_t size) const {
  ChunkList out;
  for (const Chunk& c : chunks_) {
    if (size == 0) break;
    if (offset >= c.size()) {
      offset -= c.size();
      continue;
    }
    const std::size_t n = std::min(size, c.size() - offset);
    out.append(c.slice(offset, n));
    size -= n;
    offset = 0;
  }
  return out;
}

Bytes ChunkList::flatten() const {
  Bytes out;
  out.reserve(size_);
  for (const Chunk& c : chunks_) out.append(c.view());
  return out;
}

}  // namespace chappe
