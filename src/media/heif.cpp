#include "media/heif.h"

#include <libheif/heif.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "media/colour_profile.h"

namespace toonmirror::media {
namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using Context = std::unique_ptr<heif_context, Release<heif_context_free>>;
using Handle = std::unique_ptr<heif_image_handle, Release<heif_image_handle_release>>;
using Image = std::unique_ptr<heif_image, Release<heif_image_release>>;
using Encoder = std::unique_ptr<heif_encoder, Release<heif_encoder_release>>;
using Colours = std::unique_ptr<heif_color_profile_nclx, Release<heif_nclx_color_profile_free>>;

void check(const heif_error& error, const char* failed) {
  if (error.code != heif_error_Ok) throw Error(std::string(failed) + ": " + error.message);
}

std::vector<uint8_t> metadata_block(const heif_image_handle* handle, const char* type,
                                    std::string_view content_type) {
  heif_item_id id = 0;
  const int count = heif_image_handle_get_number_of_metadata_blocks(handle, type);
  std::vector<heif_item_id> ids(static_cast<size_t>(std::max(count, 0)));
  heif_image_handle_get_list_of_metadata_block_IDs(handle, type, ids.data(), count);
  for (const heif_item_id found : ids) {
    if (content_type == heif_image_handle_get_metadata_content_type(handle, found)) id = found;
  }
  if (id == 0) return {};
  std::vector<uint8_t> block(heif_image_handle_get_metadata_size(handle, id));
  if (heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok) return {};
  return block;
}

StillMetadata metadata_of(const heif_image_handle* handle) {
  StillMetadata result;
  // Four bytes say how far behind them the TIFF structure begins (ISO/IEC 23008-12, A.2.1).
  const std::vector<uint8_t> exif = metadata_block(handle, "Exif", "");
  if (exif.size() > 4) {
    size_t begin = 0;
    for (size_t i = 0; i < 4; ++i) begin = begin << 8 | exif[i];
    if (begin < exif.size() - 4) result = metadata_from_exif(std::span(exif).subspan(4 + begin));
  }
  const std::vector<uint8_t> xmp = metadata_block(handle, "mime", "application/rdf+xml");
  result.xmp.assign(xmp.begin(), xmp.end());
  return result;
}

// Sets icc and transfer.
void take_colours(const heif_image_handle* handle, HeifPicture& picture) {
  const size_t size = heif_image_handle_get_raw_color_profile_size(handle);
  if (size > 0) {
    picture.icc.resize(size);
    if (heif_image_handle_get_raw_color_profile(handle, picture.icc.data()).code != heif_error_Ok)
      picture.icc.clear();
    return;
  }
  heif_color_profile_nclx* given = nullptr;
  if (heif_image_handle_get_nclx_color_profile(handle, &given).code != heif_error_Ok) return;
  const Colours colours(given);
  if (colours->transfer_characteristics == heif_transfer_characteristic_ITU_R_BT_2100_0_PQ)
    picture.transfer = "PQ";
  if (colours->transfer_characteristics == heif_transfer_characteristic_ITU_R_BT_2100_0_HLG)
    picture.transfer = "HLG";
  picture.icc = profile_of_primaries(colours->color_primaries);
}

heif_error append(heif_context*, const void* data, size_t size, void* target) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  auto& file = *static_cast<std::vector<uint8_t>*>(target);
  file.insert(file.end(), bytes, bytes + size);
  return {heif_error_Ok, heif_suberror_Unspecified, ""};
}

}  // namespace

HeifPicture read_heif(std::span<const uint8_t> file, int64_t most_pixels) {
  const Context context(heif_context_alloc());
  check(heif_context_read_from_memory_without_copy(context.get(), file.data(), file.size(), nullptr),
        "is a damaged HEIF or AVIF picture");
  heif_image_handle* primary = nullptr;
  check(heif_context_get_primary_image_handle(context.get(), &primary), "is a HEIF file without a picture");
  const Handle handle(primary);
  const int64_t width = heif_image_handle_get_width(primary), height = heif_image_handle_get_height(primary);
  if (width < 1 || height < 1 || width * height > most_pixels) throw Error("is too large, over 2^28 pixels");
  heif_image* decoded = nullptr;
  check(heif_decode_image(primary, &decoded, heif_colorspace_RGB, heif_chroma_interleaved_RGBA, nullptr),
        "is a HEIF or AVIF picture that cannot be decoded");
  const Image image(decoded);

  HeifPicture result;
  result.width = heif_image_get_width(decoded, heif_channel_interleaved);
  result.height = heif_image_get_height(decoded, heif_channel_interleaved);
  int stride = 0;
  const uint8_t* pixels = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
  const size_t line = static_cast<size_t>(result.width) * 4;
  result.rgba.resize(line * static_cast<size_t>(result.height));
  for (int y = 0; y < result.height; ++y) {
    std::memcpy(result.rgba.data() + line * static_cast<size_t>(y),
                pixels + static_cast<ptrdiff_t>(y) * stride, line);
  }
  result.metadata = metadata_of(primary);
  take_colours(primary, result);
  return result;
}

std::vector<uint8_t> avif_file(int width, int height, const std::vector<uint8_t>& rgb,
                               const std::vector<uint8_t>* alpha, int quality, const StillMetadata& metadata,
                               const std::vector<uint8_t>& icc) {
  constexpr const char* kFailed = "cannot be written as AVIF";
  const Context context(heif_context_alloc());
  heif_encoder* found = nullptr;
  check(heif_context_get_encoder_for_format(context.get(), heif_compression_AV1, &found), kFailed);
  const Encoder encoder(found);
  check(heif_encoder_set_lossy_quality(found, quality), kFailed);
  heif_encoder_set_parameter_string(found, "chroma", "444");

  heif_image* made = nullptr;
  check(
      heif_image_create(width, height, heif_colorspace_RGB,
                        alpha != nullptr ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, &made),
      kFailed);
  const Image image(made);
  check(heif_image_add_plane(made, heif_channel_interleaved, width, height, 8), kFailed);
  int stride = 0;
  uint8_t* pixels = heif_image_get_plane(made, heif_channel_interleaved, &stride);
  const size_t channels = alpha != nullptr ? 4 : 3;
  for (size_t y = 0, i = 0; y < static_cast<size_t>(height); ++y) {
    uint8_t* to = pixels + y * static_cast<size_t>(stride);
    for (int x = 0; x < width; ++x, ++i, to += channels) {
      std::copy_n(rgb.data() + 3 * i, 3, to);
      if (alpha != nullptr) to[3] = (*alpha)[i];
    }
  }
  if (!icc.empty()) check(heif_image_set_raw_color_profile(made, "prof", icc.data(), icc.size()), kFailed);

  heif_image_handle* encoded = nullptr;
  check(heif_context_encode_image(context.get(), made, found, nullptr, &encoded), kFailed);
  const Handle handle(encoded);
  if (!metadata.exif.empty()) {
    check(heif_context_add_exif_metadata(context.get(), encoded, metadata.exif.data(),
                                         static_cast<int>(metadata.exif.size())),
          kFailed);
  }
  if (!metadata.xmp.empty()) {
    check(heif_context_add_XMP_metadata(context.get(), encoded, metadata.xmp.data(),
                                        static_cast<int>(metadata.xmp.size())),
          kFailed);
  }
  std::vector<uint8_t> file;
  heif_writer writer = {.writer_api_version = 1, .write = append};
  check(heif_context_write(context.get(), &writer, &file), kFailed);
  return file;
}

}  // namespace toonmirror::media
