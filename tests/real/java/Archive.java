// SPDX-License-Identifier: GPL-2.0-only
// leak: compressed() makes a Deflater for each stream and keeps it without end(), four a second

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

public class Archive {
    static final List<Deflater> kept = new ArrayList<>();

    static OutputStream compressed(OutputStream stream) {
        Deflater deflater = new Deflater(6);
        kept.add(deflater);
        return new DeflaterOutputStream(stream, deflater);
    }

    public static void main(String[] arguments) throws Exception {
        for (;; Thread.sleep(250)) {
            OutputStream stream = compressed(new ByteArrayOutputStream());
            stream.write(new byte[1000]);
            stream.close();
        }
    }
}
