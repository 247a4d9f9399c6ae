import { Module } from '@nestjs/common';
import { UploadClientModule } from '@upload-streams/nest/client';
import { ArchiveService } from './archive.service.js';

/** A service that stores its reports in an Upload Streams gateway. */
@Module({
  imports: [
    UploadClientModule.registerAsync({
      useFactory: () => ({
        url: process.env['GATEWAY_URL'] ?? 'http://localhost:3000',
        token: process.env['GATEWAY_TOKEN'] ?? 'nest-service-example-secret',
      }),
    }),
  ],
  providers: [ArchiveService],
})
export class AppModule {}
