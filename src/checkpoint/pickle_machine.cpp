#include "checkpoint/pickle_machine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <unordered_map>

#include "checkpoint/pickle_objects.h"
#include "checkpoint/pickle_stack.h"
#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {
namespace {

constexpr uint8_t kHighestProtocol = 5;
constexpr uint8_t kStop = '.';

using Values = std::vector<Value*>;

class Machine {
 public:
  Machine(ByteReader& reader, ValueArena& arena, const PickleHooks& hooks)
      : reader_(reader), arena_(arena), hooks_(hooks) {}

  Value* run();

 private:
  struct Operation {
    uint8_t code;
    void (*run)(Machine&);
  };
  static const Operation kOperations[];

  template <typename T>
  T read(const char* what) {
    return reader_.number<T>(what);
  }
  template <typename T>
  void push(T data) {
    stack_.push(arena_.add(Value{std::move(data)}));
  }

  // Numbers

  template <typename T>
  void push_number() {
    push(int64_t{read<T>("a number")});
  }

  void push_long(uint32_t size) {
    const auto bytes = reader_.take(size, "a number");
    if (size > sizeof(int64_t)) return push(BigInteger{bytes});
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= uint64_t{bytes[i]} << (8 * i);
    const bool negative = size > 0 && (bytes[size - 1] & 0x80) != 0;
    if (negative && size < sizeof(int64_t)) value |= ~uint64_t{0} << (8 * size);
    push(static_cast<int64_t>(value));
  }

  // "7", "7L"; protocol 0 also writes truth values as "00" and "01".
  void push_decimal(bool may_be_truth) {
    std::string_view digits = reader_.line("a number");
    if (may_be_truth && (digits == "00" || digits == "01")) return push(digits == "01");
    if (digits.ends_with('L')) digits.remove_suffix(1);
    push(decimal(digits));
  }

  static int64_t decimal(std::string_view digits) {
    int64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (problem != std::errc() || end != digits.data() + digits.size()) {
      throw Error("has '" + printable(digits) + "' in its pickle where a number of 64 bits should be");
    }
    return value;
  }

  void push_decimal_float() {
    const std::string_view digits = reader_.line("a number");
    double value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (problem == std::errc::invalid_argument || end != digits.data() + digits.size()) {
      throw Error("has '" + printable(digits) + "' in its pickle where a number should be");
    }
    push(value);
  }

  void push_float() { push(std::bit_cast<double>(__builtin_bswap64(read<uint64_t>("a number")))); }

  // Texts

  template <typename Length>
  void push_text(bool python2) {
    const auto bytes = reader_.take(read<Length>("a length"), "a text");
    push(Text{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, python2});
  }
  template <typename Length>
  void push_bytes() {
    push(plain_blob(reader_.take(read<Length>("a length"), "a byte string")));
  }

  // Containers

  void push_sequence(SequenceKind kind, Values items) { push(Sequence{kind, std::move(items)}); }

  void extend(SequenceKind kind, const Values& items) {
    auto* sequence = stack_.top()->get_if<Sequence>();
    if (sequence == nullptr || sequence->kind != kind) {
      throw Error("adds to something that is no list", kIncompleteHint);
    }
    sequence->items.insert(sequence->items.end(), items.begin(), items.end());
  }

  void push_dict(const Values& items) {
    push(Dict{});
    set_items(items);
  }

  void set_items(const Values& items) {
    auto* dict = stack_.top()->get_if<Dict>();
    if (dict == nullptr || items.size() % 2 != 0) {
      throw Error("adds to something that is no dictionary", kIncompleteHint);
    }
    for (size_t i = 0; i < items.size(); i += 2) dict->entries.emplace_back(items[i], items[i + 1]);
  }

  // The memo; a map, since an index may be anything

  void memorise(uint64_t index) { memo_[index] = stack_.top(); }

  void recall(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end())
      throw Error("refers to a value in its pickle that was never stored", kIncompleteHint);
    stack_.push(found->second);
  }

  uint64_t decimal_index() { return static_cast<uint64_t>(decimal(reader_.line("a memo index"))); }

  // Objects

  void check_protocol(uint8_t protocol) {
    if (protocol > kHighestProtocol) {
      throw Error(fmt::format("is a pickle of protocol {}; there are 0 to {}", protocol, kHighestProtocol));
    }
  }

  // Frames are for reading ahead from a slow file; here they are nothing but a length that may be wrong.
  void check_frame() {
    const auto size = read<uint64_t>("a length");
    ByteReader(reader_).take(size, "a frame");
  }

  void push_global() {
    const std::string_view module = reader_.line("a name");
    push(&find_global(module, reader_.line("a name")));
  }
  void push_global(const Values& names) {
    push(&find_global(text_of(*names[0], "a name"), text_of(*names[1], "a name")));
  }

  void call(const Value& type, const Value& arguments) {
    stack_.push(construct(type, arguments, arena_, hooks_));
  }
  void call(const Values& parts) { call(*parts[0], *parts[1]); }
  void call_with_keywords(const Values& parts) {
    const auto* keywords = parts[2]->get_if<Dict>();
    if (keywords == nullptr || !keywords->entries.empty()) {
      throw Error("constructs an object by keywords: refused");
    }
    call(parts);
  }
  // Protocols 0 and 1: the class, then its arguments.
  void call_flat(Values parts) {
    if (parts.empty()) throw Error("constructs an object without a class", kIncompleteHint);
    const Value* type = parts.front();
    parts.erase(parts.begin());
    call(*type, Value{Sequence{SequenceKind::kTuple, std::move(parts)}});
  }
  void call_named() {
    push_global();
    const Value* type = stack_.pop();
    call(*type, Value{Sequence{SequenceKind::kTuple, stack_.take_from_mark()}});
  }

  void build_top() {
    Value* state = stack_.pop();
    build(*stack_.top(), *state);
  }

  void push_persistent(const Value& id) {
    if (!hooks_.persistent) throw Error("refers to something outside of its pickle: refused");
    push(hooks_.persistent(id));
  }

  ByteReader& reader_;
  ValueArena& arena_;
  const PickleHooks& hooks_;
  PickleStack stack_;
  std::unordered_map<uint64_t, Value*> memo_;
};

// In the order of pickletools.py.
const Machine::Operation Machine::kOperations[] = {
    {'I', [](Machine& m) { m.push_decimal(/*may_be_truth=*/true); }},
    {'J', [](Machine& m) { m.push_number<int32_t>(); }},
    {'K', [](Machine& m) { m.push_number<uint8_t>(); }},
    {'M', [](Machine& m) { m.push_number<uint16_t>(); }},
    {'L', [](Machine& m) { m.push_decimal(/*may_be_truth=*/false); }},
    {0x8a, [](Machine& m) { m.push_long(m.read<uint8_t>("a length")); }},
    {0x8b, [](Machine& m) { m.push_long(m.read<uint32_t>("a length")); }},  // a negative one is too long
    {'S',
     [](Machine& m) {
       m.push(Text{m.arena_.keep(unquote(m.reader_.line("a text"))), true});
     }},
    {'T', [](Machine& m) { m.push_text<uint32_t>(/*python2=*/true); }},
    {'U', [](Machine& m) { m.push_text<uint8_t>(/*python2=*/true); }},
    {'B', [](Machine& m) { m.push_bytes<uint32_t>(); }},
    {'C', [](Machine& m) { m.push_bytes<uint8_t>(); }},
    {0x8e, [](Machine& m) { m.push_bytes<uint64_t>(); }},
    {0x96, [](Machine& m) { m.push_bytes<uint64_t>(); }},
    {0x97, [](Machine&) { throw Error("refers to buffers outside of the file: refused"); }},
    {0x98, [](Machine&) { throw Error("refers to buffers outside of the file: refused"); }},
    {'N', [](Machine& m) { m.push(None{}); }},
    {0x88, [](Machine& m) { m.push(true); }},
    {0x89, [](Machine& m) { m.push(false); }},
    {'V', [](Machine& m) { m.push(Text{m.arena_.keep(from_raw_unicode_escape(m.reader_.line("a text")))}); }},
    {0x8c, [](Machine& m) { m.push_text<uint8_t>(/*python2=*/false); }},
    {'X', [](Machine& m) { m.push_text<uint32_t>(/*python2=*/false); }},
    {0x8d, [](Machine& m) { m.push_text<uint64_t>(/*python2=*/false); }},
    {'F', [](Machine& m) { m.push_decimal_float(); }},
    {'G', [](Machine& m) { m.push_float(); }},
    {']', [](Machine& m) { m.push_sequence(SequenceKind::kList, {}); }},
    {'a', [](Machine& m) { m.extend(SequenceKind::kList, {m.stack_.pop()}); }},
    {'e', [](Machine& m) { m.extend(SequenceKind::kList, m.stack_.take_from_mark()); }},
    {'l', [](Machine& m) { m.push_sequence(SequenceKind::kList, m.stack_.take_from_mark()); }},
    {')', [](Machine& m) { m.push_sequence(SequenceKind::kTuple, {}); }},
    {'t', [](Machine& m) { m.push_sequence(SequenceKind::kTuple, m.stack_.take_from_mark()); }},
    {0x85, [](Machine& m) { m.push_sequence(SequenceKind::kTuple, m.stack_.take(1)); }},
    {0x86, [](Machine& m) { m.push_sequence(SequenceKind::kTuple, m.stack_.take(2)); }},
    {0x87, [](Machine& m) { m.push_sequence(SequenceKind::kTuple, m.stack_.take(3)); }},
    {'}', [](Machine& m) { m.push(Dict{}); }},
    {'d', [](Machine& m) { m.push_dict(m.stack_.take_from_mark()); }},
    {'s', [](Machine& m) { m.set_items(m.stack_.take(2)); }},
    {'u', [](Machine& m) { m.set_items(m.stack_.take_from_mark()); }},
    {0x8f, [](Machine& m) { m.push_sequence(SequenceKind::kSet, {}); }},
    {0x90, [](Machine& m) { m.extend(SequenceKind::kSet, m.stack_.take_from_mark()); }},
    {0x91, [](Machine& m) { m.push_sequence(SequenceKind::kSet, m.stack_.take_from_mark()); }},
    {'0', [](Machine& m) { m.stack_.drop(); }},
    {'2', [](Machine& m) { m.stack_.push(m.stack_.top()); }},
    {'(', [](Machine& m) { m.stack_.mark(); }},
    {'1', [](Machine& m) { m.stack_.take_from_mark(); }},
    {'g', [](Machine& m) { m.recall(m.decimal_index()); }},
    {'h', [](Machine& m) { m.recall(m.read<uint8_t>("a memo index")); }},
    {'j', [](Machine& m) { m.recall(m.read<uint32_t>("a memo index")); }},
    {'p', [](Machine& m) { m.memorise(m.decimal_index()); }},
    {'q', [](Machine& m) { m.memorise(m.read<uint8_t>("a memo index")); }},
    {'r', [](Machine& m) { m.memorise(m.read<uint32_t>("a memo index")); }},
    {0x94, [](Machine& m) { m.memorise(m.memo_.size()); }},
    {0x82, [](Machine&) { throw Error("refers to Python's extension registry: refused"); }},
    {0x83, [](Machine&) { throw Error("refers to Python's extension registry: refused"); }},
    {0x84, [](Machine&) { throw Error("refers to Python's extension registry: refused"); }},
    {'c', [](Machine& m) { m.push_global(); }},
    {0x93, [](Machine& m) { m.push_global(m.stack_.take(2)); }},
    {'R', [](Machine& m) { m.call(m.stack_.take(2)); }},
    {'b', [](Machine& m) { m.build_top(); }},
    {'i', [](Machine& m) { m.call_named(); }},
    {'o', [](Machine& m) { m.call_flat(m.stack_.take_from_mark()); }},
    {0x81, [](Machine& m) { m.call(m.stack_.take(2)); }},
    {0x92, [](Machine& m) { m.call_with_keywords(m.stack_.take(3)); }},
    {0x80, [](Machine& m) { m.check_protocol(m.read<uint8_t>("a protocol")); }},
    {0x95, [](Machine& m) { m.check_frame(); }},
    {'P', [](Machine& m) { m.push_persistent(Value{Text{m.reader_.line("a reference")}}); }},
    {'Q', [](Machine& m) { m.push_persistent(*m.stack_.pop()); }},
};

Value* Machine::run() {
  static const auto by_code = [] {
    std::array<void (*)(Machine&), 256> table{};
    for (const Operation& operation : kOperations) table[operation.code] = operation.run;
    return table;
  }();
  for (;;) {
    arena_.count_operation();
    if (reader_.left() == 0) throw Error("is cut off: its pickle has no end", kIncompleteHint);
    const auto code = read<uint8_t>("an operation");
    if (code == kStop) return stack_.pop();
    if (by_code[code] == nullptr) {
      throw Error(fmt::format("has an unknown operation 0x{:02x} in its pickle", code), kIncompleteHint);
    }
    by_code[code](*this);
  }
}

}  // namespace

Value* read_pickle(ByteReader& reader, ValueArena& arena, const PickleHooks& hooks) {
  return Machine(reader, arena, hooks).run();
}

}  // namespace toonmirror::checkpoint
