#include "app/picture_output.h"

#include "media/still.h"
#include "toon/pictures.h"

namespace toonmirror::app {

void write_picture(const std::filesystem::path& path, const at::Tensor& picture) {
  media::write_still(path, toon::still_of(toon::picture_from_tensor(picture)));
}

}  // namespace toonmirror::app
