"""Writes what MediaPipe finds in a photograph and how ControlNet's annotator draws a pose, for the tests of internal/vision.

    python -m venv venv            # of Python 3.11
    venv/bin/pip install mediapipe==0.10.14 "numpy<2" scikit-image==0.24.0
    venv/bin/python trainer/reference/make_poses.py internal/vision/testdata/poses

The photograph is scikit-image's astronaut (NASA, public domain), made smaller.
"""

import json
import math
import pathlib
import sys

import cv2
import numpy as np

LIMBS = [[2, 3], [2, 6], [3, 4], [4, 5], [6, 7], [7, 8], [2, 9], [9, 10], [10, 11], [2, 12], [12, 13], [13, 14], [2, 1], [1, 15],
         [15, 17], [1, 16], [16, 18]]
COLOURS = [[255, 0, 0], [255, 85, 0], [255, 170, 0], [255, 255, 0], [170, 255, 0], [85, 255, 0], [0, 255, 0], [0, 255, 85],
           [0, 255, 170], [0, 255, 255], [0, 170, 255], [0, 85, 255], [0, 0, 255], [85, 0, 255], [170, 0, 255], [255, 0, 255],
           [255, 0, 170], [255, 0, 85]]


def hue(h):
    """The full colour of a hue, as matplotlib's hsv_to_rgb."""
    return [255 * min(max(2 - abs((6 * h - m + 9) % 6 - 3), 0), 1) for m in (0, 2, 4)]


def draw(size, bodies, hands, faces):
    """The picture that ControlNet's openpose models learned from, by the recipe of their annotator."""
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    for i, (a, b) in enumerate(LIMBS):
        for body in bodies:
            if body[a - 1] is None or body[b - 1] is None:
                continue
            (x0, y0), (x1, y1) = body[a - 1], body[b - 1]
            length, angle = math.hypot(x0 - x1, y0 - y1), math.degrees(math.atan2(y0 - y1, x0 - x1))
            polygon = cv2.ellipse2Poly((int((x0 + x1) / 2), int((y0 + y1) / 2)), (int(length / 2), 4), int(angle), 0, 360, 1)
            cv2.fillConvexPoly(canvas, polygon, COLOURS[i])
    canvas = (canvas * 0.6).astype(np.uint8)
    for i in range(18):
        for body in bodies:
            if body[i] is not None:
                cv2.circle(canvas, (int(body[i][0]), int(body[i][1])), 4, COLOURS[i], thickness=-1)
    for hand in hands:
        for i in range(20):
            a, b = hand[i if i % 4 else 0], hand[i + 1]
            cv2.line(canvas, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), hue(i / 20), thickness=2)
        for x, y in hand:
            cv2.circle(canvas, (int(x), int(y)), 4, (0, 0, 255), thickness=-1)
    for face in faces:
        for x, y in face:
            cv2.circle(canvas, (int(x), int(y)), 3, (255, 255, 255), thickness=-1)
    return canvas


def drawing(folder):
    """Two bodies, one of them with joints that are not seen, a hand and a face."""
    rng = np.random.default_rng(3)
    stand = np.array([[256, 90], [256, 150], [200, 152], [170, 230], [150, 300], [312, 150], [350, 220], [330, 280], [225, 300], [220, 390],
                      [215, 480], [290, 300], [300, 395], [310, 490], [246, 80], [266, 80], [232, 88], [280, 90]], float)
    bodies = [(stand * 0.9 + rng.uniform(-6, 6, (18, 2))).round(2).tolist(), (stand * 0.6 + [300, 40] + rng.uniform(-8, 8, (18, 2))).round(2).tolist()]
    for i in (4, 10, 13, 17):
        bodies[1][i] = None
    hand = [[150 + 9 * (i - 2) * k / 2 + 20, 400 - 18 * k - 10] if k else [170, 410] for i, k in [(0, 0)] + [(f, k) for f in range(5) for k in range(1, 5)]]
    face = [[420 + 30 * math.cos(i / 5), 430 + 36 * math.sin(i / 5)] for i in range(70)]
    size = (600, 512)
    cv2.imwrite(str(folder / "drawn.png"), draw(size, bodies, [hand], [face])[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return {"size": size, "bodies": bodies, "hands": [hand], "faces": [face]}


def photograph(folder):
    import skimage.data

    small = cv2.resize(skimage.data.astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "astronaut.png"), small[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return small


PERSON = """
input_stream: "picture"
input_side_packet: "complexity"
input_side_packet: "no"
node {
  calculator: "HolisticLandmarkCpu"
  input_stream: "IMAGE:picture"
  input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_side_packet: "SMOOTH_LANDMARKS:no"
  input_side_packet: "USE_PREV_LANDMARKS:no"
  input_side_packet: "REFINE_FACE_LANDMARKS:no"
  output_stream: "POSE_LANDMARKS:body"
  output_stream: "FACE_LANDMARKS:face"
}
"""

HAND = """
input_stream: "picture"
input_stream: "whole"
input_side_packet: "complexity"
input_side_packet: "no"
node { calculator: "HandLandmarkCpu" input_stream: "IMAGE:picture" input_stream: "ROI:whole"
       input_side_packet: "MODEL_COMPLEXITY:complexity" output_stream: "LANDMARKS:first" }
node { calculator: "ImagePropertiesCalculator" input_stream: "IMAGE:picture" output_stream: "SIZE:size" }
node { calculator: "HandLandmarkLandmarksToRoi" input_stream: "LANDMARKS:first" input_stream: "IMAGE_SIZE:size" output_stream: "ROI:closer" }
node { calculator: "HandLandmarkCpu" input_stream: "IMAGE:picture" input_stream: "ROI:closer"
       input_side_packet: "MODEL_COMPLEXITY:complexity" output_stream: "LANDMARKS:second" }
"""


def run(graph, picture, outputs, **inputs):
    """Runs one of MediaPipe's own graphs. mp.solutions runs them with some options lost on their way through Python's protocol buffers:
    there heat maps are read with a kernel of 9, the default, instead of the 7 that tensors_to_pose_landmarks_and_segmentation sets."""
    import mediapipe as mp
    from mediapipe.python import packet_creator, packet_getter
    from mediapipe.python._framework_bindings import resource_util

    resource_util.set_resource_dir(str(pathlib.Path(mp.__file__).parents[1]))
    graph, seen = mp.CalculatorGraph(graph_config=graph), {}
    for name in outputs:
        graph.observe_output_stream(name, lambda stream, packet: seen.__setitem__(stream, packet_getter.get_proto(packet).landmark))
    graph.start_run({"complexity": packet_creator.create_int(1), "no": packet_creator.create_bool(False)})
    frame = mp.ImageFrame(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
    graph.add_packet_to_input_stream("picture", packet_creator.create_image_frame(frame).at(0))
    for name, value in inputs.items():
        graph.add_packet_to_input_stream(name, packet_creator.create_proto(value).at(0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    places = {k: [[round(m.x * picture.shape[1], 3), round(m.y * picture.shape[0], 3)] for m in marks] for k, marks in seen.items()}
    if "body" in seen:
        places["body"] = [p + [round(m.visibility, 4)] for p, m in zip(places["body"], seen["body"])]
    return places


def open_hand(folder):
    """A hand drawn plainly, which MediaPipe takes for one."""
    canvas, skin, line = np.full((256, 256, 3), (205, 214, 220), np.uint8), (222, 170, 140), (180, 125, 100)
    fingers = [((104, 190), (58, 142), 24), ((98, 128), (82, 48), 22), ((122, 120), (120, 30), 23), ((146, 124), (158, 42), 22),
               ((166, 138), (194, 74), 19)]
    for colour, more in ((line, 4), (skin, 0)):
        cv2.line(canvas, (130, 250), (130, 200), colour, 62 + more)
        cv2.ellipse(canvas, (130, 165), (48 + more // 2, 54 + more // 2), 0, 0, 360, colour, -1)
        for a, b, wide in fingers:
            cv2.line(canvas, a, b, colour, wide + more)
    canvas = cv2.GaussianBlur(canvas, (5, 5), 0)
    cv2.imwrite(str(folder / "hand.png"), canvas[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return canvas


def whole():
    from mediapipe.framework.formats import rect_pb2

    return rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "made_by": "trainer/reference/make_poses.py", "opencv": cv2.__version__, "mediapipe": "0.10.14", "drawing": drawing(folder),
        "astronaut": run(PERSON, photograph(folder), ("body", "face")),
        "hand": run(HAND, open_hand(folder), ("first", "second"), whole=whole()),
    }
    (folder / "cases.json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
